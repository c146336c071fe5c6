"""Fitted steps that fill or flag missing values."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.impute import MissingIndicator, SimpleImputer

from carafe.models.lowering.columns.numeric import checked
from carafe.models.lowering.columns.values import Coded, Draft, Factor, Moment, Number, Value
from carafe.models.lowering.plan import Blank, Check, Impute, Missing
from carafe.models.lowering.refusal import NotLowered


def imputer(step: SimpleImputer, values: Sequence[Value], draft: Draft) -> list[Value]:
    """Fill missing values; leave out columns that had none to learn from; append flags where that was asked for."""
    made = [
        _filled(value, fill, step, draft)
        for value, fill in zip(values, step.statistics_, strict=True)
        if step.keep_empty_features or not _is_nan(fill)
    ]
    return made if step.indicator_ is None else made + flags(step.indicator_, values, draft)


def flags(step: MissingIndicator, values: Sequence[Value], draft: Draft) -> list[Value]:
    """Return 1 where a value is missing, else 0, of each column that the step flags."""
    kept = range(len(values)) if step.features == "all" else [int(index) for index in step.features_]
    if step.error_on_new and step.features == "missing-only":
        for index in set(range(len(values))) - set(kept):
            _refuse_missing(values[index], draft)
    return [_flag(values[index], step.missing_values, draft) for index in kept]


def _filled(value: Value, fill: Any, step: SimpleImputer, draft: Draft) -> Value:  # noqa: ANN401 - a number or string
    missing = step.missing_values
    if isinstance(value, Factor):
        met = value.extended([missing]) if isinstance(missing, str) else value
        return met.changed(lambda one: fill if _matches(one, missing) else one)
    number = _looked_at(value, missing, "SimpleImputer", draft)
    if not isinstance(fill, (int, float, np.number)) or isinstance(fill, bool) or not math.isfinite(fill):
        raise NotLowered(f"SimpleImputer fills numbers with {fill!r}")
    if isinstance(number, Coded):
        return number.mapped(lambda numbers: np.where(_where(numbers, missing), fill, numbers))
    if number.single and np.float32(fill) != fill:
        fill = np.float32(fill)
    slot = draft.add(Impute(slot=_blanked(number, missing, draft), fill=float(fill)))
    return replace(number, slot=slot, known=True)


def _flag(value: Value, missing: Any, draft: Draft) -> Value:  # noqa: ANN401 - a number, a string, NaN or None
    if isinstance(value, Factor):
        met = value.extended([missing]) if isinstance(missing, str) else value
        lit = {entry: 1.0 for entry, one in enumerate(met.values) if _matches(one, missing)}
        return Coded(domain=met.domain, base=0.0, others=lit)
    number = _looked_at(value, missing, "MissingIndicator", draft)
    if isinstance(number, Coded):
        return number.mapped(lambda numbers: _where(numbers, missing).astype(np.float64))
    return Number(slot=draft.add(Missing(slot=_blanked(number, missing, draft))), known=True)


def _looked_at(value: Value, missing: Any, step: str, draft: Draft) -> Number | Coded:  # noqa: ANN401
    if isinstance(value, Moment) or isinstance(missing, str):
        raise NotLowered(f"{step} takes date-times, or looks for a string among numbers")
    return checked(value, draft, step, missing=missing is None or _is_nan(missing))


def _blanked(number: Number, missing: Any, draft: Draft) -> int:  # noqa: ANN401
    """Return the slot in which what stands for a missing number is missing."""
    if missing is None or _is_nan(missing):
        return number.slot
    return draft.add(Blank(slot=number.slot, values=(float(missing),)))


def _refuse_missing(value: Value, draft: Draft) -> None:
    if isinstance(value, Number):
        if not value.known:
            draft.add(Check(slot=value.slot, missing=False))
    else:
        raise NotLowered("MissingIndicator refuses what was not missing in training")


def _where(numbers: Any, missing: Any) -> Any:  # noqa: ANN401 - arrays
    return np.isnan(numbers) if missing is None or _is_nan(missing) else numbers == missing


def _matches(value: Any, missing: Any) -> bool:  # noqa: ANN401 - any value of a table
    """Tell whether a value of an array of objects is the one that scikit-learn takes for missing."""
    return _is_nan(value) if _is_nan(missing) else type(value) is type(missing) and bool(value == missing)


def _is_nan(value: object) -> bool:
    return isinstance(value, (float, np.floating)) and math.isnan(value)


STEPS: Mapping[type, Callable[[Any, Sequence[Value], Draft], list[Value]]] = {
    SimpleImputer: imputer,
    MissingIndicator: flags,
}
"""Each step and what it does."""
