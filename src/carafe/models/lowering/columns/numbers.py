"""Fitted scikit-learn steps that scale, shape or cut numbers, one column at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, get_args

import numpy as np
from sklearn.preprocessing import (
    Binarizer,
    FunctionTransformer,
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    PowerTransformer,
    RobustScaler,
    StandardScaler,
)

from carafe.models.lowering.columns.encoders import encoded
from carafe.models.lowering.columns.numeric import calculated, checked, number_of
from carafe.models.lowering.columns.values import Coded, Draft, Number, Value
from carafe.models.lowering.plan import Above, Cut, Function, FunctionName, Limit, Operator, Power
from carafe.models.lowering.refusal import NotLowered

Step = Any
"""A fitted transformer; scikit-learn ships no types."""

Part = tuple[Operator, Any]
"""Arithmetic with one constant a column, or with None."""


def standard(step: StandardScaler, values: Sequence[Value], draft: Draft) -> list[Value]:
    """Subtract the means, divide by the deviations."""
    mean, scale = step.mean_ if step.with_mean else None, step.scale_ if step.with_std else None
    return _scaled(step, values, draft, [(Operator.SUBTRACT, mean), (Operator.DIVIDE, scale)], rounded=True)


def robust(step: RobustScaler, values: Sequence[Value], draft: Draft) -> list[Value]:
    """Subtract the medians, divide by the ranges between quantiles."""
    center, scale = step.center_ if step.with_centering else None, step.scale_ if step.with_scaling else None
    return _scaled(step, values, draft, [(Operator.SUBTRACT, center), (Operator.DIVIDE, scale)])


def min_max(step: MinMaxScaler, values: Sequence[Value], draft: Draft) -> list[Value]:
    """Multiply and add, so that the training values lie within a range; cut off what does not, if it was asked for."""
    scaled = _scaled(step, values, draft, [(Operator.MULTIPLY, step.scale_), (Operator.ADD, step.min_)])
    low, high = step.feature_range
    return [limited(value, low, high, draft) for value in scaled] if step.clip else scaled


def max_abs(step: MaxAbsScaler, values: Sequence[Value], draft: Draft) -> list[Value]:
    """Divide by the largest training value."""
    scaled = _scaled(step, values, draft, [(Operator.DIVIDE, step.scale_)])
    return [limited(value, -1.0, 1.0, draft) for value in scaled] if getattr(step, "clip", False) else scaled


def limited(value: Value, low: float, high: float, draft: Draft) -> Value:
    """Return a value moved to the nearer bound; an infinite bound is none."""
    if isinstance(value, Coded):
        return value.mapped(lambda numbers: np.clip(numbers, low, high))
    number = number_of(value, draft, "clipping")
    slot = draft.add(Limit(slot=number.slot, low=bound(low), high=bound(high)))
    return replace(number, slot=slot, finite=number.finite or bool(np.isfinite(low) and np.isfinite(high)))


def bound(value: float) -> float | None:
    """Return a bound as a plan has it: None where it is infinite."""
    if np.isnan(value):
        raise NotLowered("a bound is no number")
    return None if np.isinf(value) else float(value)


def binarizer(step: Binarizer, values: Sequence[Value], draft: Draft) -> list[Value]:
    """1 above the threshold, else 0."""
    made: list[Value] = []
    for value in values:
        number = checked(value, draft, "Binarizer", missing=False)
        if isinstance(number, Coded):
            made.append(number.mapped(lambda numbers: (numbers > step.threshold).astype(np.float64)))
        else:
            made.append(_as_number(draft.add(Above(slot=number.slot, threshold=float(step.threshold)))))
    return made


def k_bins(step: KBinsDiscretizer, values: Sequence[Value], draft: Draft) -> list[Value]:
    """Return the number of each value's bin, or one number a bin."""
    numbers = [number_of(checked(value, draft, "KBinsDiscretizer", missing=False), draft, "") for value in values]
    bins: list[Value] = []
    for number, edges in zip(numbers, step.bin_edges_, strict=True):
        if number.single:
            raise NotLowered("KBinsDiscretizer cuts numbers of single precision")
        inner = tuple(float(edge) for edge in edges[1:-1])
        bins.append(_as_number(draft.add(Cut(slot=number.slot, edges=inner))))
    return bins if step.encode == "ordinal" else encoded(step._encoder, bins, draft)  # noqa: SLF001 - no public name


def power(step: PowerTransformer, values: Sequence[Value], draft: Draft) -> list[Value]:
    """Return the powers that make the training values most like a normal distribution, scaled if that was asked for."""
    made: list[Value] = []
    for value, exponent in zip(values, step.lambdas_, strict=True):
        number = number_of(checked(value, draft, "PowerTransformer", missing=True), draft, "")
        if number.single or step.method != "yeo-johnson":
            raise NotLowered(f"PowerTransformer(method={step.method!r}) of these numbers is no step that Carafe lowers")
        slot = draft.add(Power(slot=number.slot, exponent=float(exponent)))
        made.append(replace(number, slot=slot, finite=False))
    return standard(step._scaler, made, draft) if step.standardize else made  # noqa: SLF001 - no public name


def function(step: FunctionTransformer, values: Sequence[Value], draft: Draft) -> list[Value]:
    """Apply one of numpy's functions to each number."""
    if step.func is None:
        return [checked(value, draft, "", missing=False) for value in values] if step.validate else list(values)
    name: FunctionName | None = next((name for name in get_args(FunctionName) if getattr(np, name) is step.func), None)
    if name is None or step.kw_args:
        raise NotLowered(f"FunctionTransformer({getattr(step.func, '__name__', step.func)}) is no step Carafe lowers")
    made: list[Value] = []
    for value in values:
        number = number_of(value, draft, f"{name}()")
        if number.single:
            raise NotLowered(f"{name}() is computed in single precision")
        number = number_of(checked(number, draft, "", missing=False), draft, "") if step.validate else number
        made.append(_as_number(draft.add(Function(slot=number.slot, name=name)), known=False, finite=False))
    return made


def _as_number(slot: int, *, known: bool = True, finite: bool = True) -> Number:
    return Number(slot=slot, known=known, finite=finite)


def _scaled(
    step: Step, values: Sequence[Value], draft: Draft, parts: Sequence[Part], *, rounded: bool = False
) -> list[Value]:
    """Return the values after each part; constants are ``rounded`` to the precision of the values, or are not."""
    made: list[Value] = []
    for index, each in enumerate(values):
        value = checked(each, draft, type(step).__name__, missing=True)
        for operator, constants in parts:
            if constants is not None:
                by = np.float32(constants[index]) if rounded and value.single else constants[index]
                value = calculated(value, operator, float(by), draft)
        made.append(value)
    return made


STEPS: Mapping[type, Callable[[Any, Sequence[Value], Draft], list[Value]]] = {
    StandardScaler: standard,
    RobustScaler: robust,
    MinMaxScaler: min_max,
    MaxAbsScaler: max_abs,
    Binarizer: binarizer,
    KBinsDiscretizer: k_bins,
    PowerTransformer: power,
    FunctionTransformer: function,
}
"""Each step and what it does."""
