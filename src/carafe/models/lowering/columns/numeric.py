"""Numbers on their way through fitted steps: looked at, and computed with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from carafe.models.lowering.columns.values import Coded, Draft, Moment, Number, Value
from carafe.models.lowering.columns.write import write_coded
from carafe.models.lowering.plan import Arithmetic, Check, Operator, Single
from carafe.models.lowering.refusal import NotLowered

_NUMPY: Mapping[Operator, Callable[..., NDArray[Any]]] = {
    Operator.ADD: np.add,
    Operator.SUBTRACT: np.subtract,
    Operator.MULTIPLY: np.multiply,
    Operator.DIVIDE: np.divide,
}


def number_of(value: Value, draft: Draft, step: str) -> Number:
    """Return a value as a slot of numbers.

    Raises:
        NotLowered: when it is a category, a text or a date-time still.
    """
    if isinstance(value, Number):
        return value
    if isinstance(value, Coded):
        slot = write_coded([value], draft)[0]
        return Number(slot=slot, known=value.finite, finite=value.finite, single=value.single)
    what = "date-times" if isinstance(value, Moment) else f"the values of column {value.domain.name!r} as they are"
    raise NotLowered(f"{step} takes {what}")


def checked(value: Value, draft: Draft, step: str, *, missing: bool) -> Number | Coded:
    """Return a value after a step looked at it that takes no infinite number, and a missing one only if ``missing``."""
    if isinstance(value, Coded) and (value.finite or (missing and not np.isinf(value.listed()).any())):
        return value
    number = number_of(value, draft, step)
    if number.finite and (missing or number.known):
        return number
    slot = draft.add(Check(slot=number.slot, missing=missing or number.known))
    return replace(number, slot=slot, finite=True, known=number.known or not missing)


def calculated(value: Number | Coded, operator: Operator, by: float, draft: Draft) -> Number | Coded:
    """Return a value after arithmetic with a constant, in the precision that it has."""
    if not np.isfinite(by) or (operator is Operator.DIVIDE and by == 0):
        raise NotLowered(f"a step computes with {by}")
    if isinstance(value, Coded):
        function = _NUMPY[operator]
        kind = np.float32 if value.single else np.float64
        return value.mapped(lambda numbers: function(numbers, by).astype(kind))
    slot = draft.add(Arithmetic(slot=value.slot, operator=operator, by=float(by)))
    if value.single:
        slot = draft.add(Single(slot=slot))
    return replace(value, slot=slot, finite=False, narrow=False)


def together(values: Sequence[Value]) -> list[Value]:
    """Return values after they became one array: of double precision, unless all of them are of single.

    Raises:
        NotLowered: when some are narrow integers, and which precision they are given depends on the library.
    """
    single = [isinstance(value, (Number, Coded)) and value.single for value in values]
    narrow = [isinstance(value, Number) and value.narrow for value in values]
    if not any(single) or all(single):
        return list(values)
    if all(one or other for one, other in zip(single, narrow, strict=True)):
        raise NotLowered("integers of less than 64 bits and floats of 32 become one array")
    return [replace(value, single=False) if isinstance(value, (Number, Coded)) else value for value in values]
