"""Carafe's own fitted steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import numpy as np

from carafe.models.lowering import plan
from carafe.models.lowering.columns.numbers import bound, limited
from carafe.models.lowering.columns.numeric import checked, number_of
from carafe.models.lowering.columns.values import Domain, Draft, Factor, Moment, Number, Value
from carafe.models.lowering.refusal import NotLowered
from carafe.models.steps import (
    Bin,
    Clip,
    DateParts,
    Elapsed,
    MissingValues,
    OutlierFlag,
    Product,
    Ratio,
    ReplaceOutliers,
    ShortNames,
    Sum,
)
from carafe.models.steps.bin import MISSING


def _floats(step: Any, values: Sequence[Value], draft: Draft) -> list[Number]:  # noqa: ANN401 - any step
    """Return the values as numbers of double precision, as every one of our steps takes them."""
    name = type(step).__name__
    numbers = [number_of(checked(value, draft, name, missing=True), draft, name) for value in values]
    return [Number(slot=number.slot, known=number.known) for number in numbers]


def _clip(step: Clip, values: Sequence[Value], draft: Draft) -> list[Value]:
    numbers = _floats(step, values, draft)
    bounds = zip(numbers, step.lower_, step.upper_, strict=True)
    return [limited(number, float(low), float(high), draft) for number, low, high in bounds]


def _outlier_flag(step: OutlierFlag, values: Sequence[Value], draft: Draft) -> list[Value]:
    bounds = zip(_floats(step, values, draft), step.lower_, step.upper_, strict=True)
    ops = [plan.Outside(slot=number.slot, low=bound(low), high=bound(high)) for number, low, high in bounds]
    return [Number(slot=draft.add(op), known=True) for op in ops]


def _replace_outliers(step: ReplaceOutliers, values: Sequence[Value], draft: Draft) -> list[Value]:
    made: list[Value] = []
    numbers = _floats(step, values, draft)
    for number, low, high, median in zip(numbers, step.lower_, step.upper_, step.median_, strict=True):
        by = None if np.isnan(median) else float(median)
        op = plan.Replace(slot=number.slot, low=bound(low), high=bound(high), by=by)
        made.append(Number(slot=draft.add(op), known=number.known and by is not None))
    return made


def _bin(step: Bin, values: Sequence[Value], draft: Draft) -> list[Value]:
    numbers = _floats(step, values, draft)
    slots = [
        draft.add(plan.Cut(slot=number.slot, edges=tuple(map(float, edges))))
        for number, edges in zip(numbers, step.edges_, strict=True)
    ]
    if step.codes:
        return [Number(slot=slot, known=True) for slot in slots]
    return [_labelled(slot, labels) for slot, labels in zip(slots, step.labels_, strict=True)]


def _labelled(slot: int, labels: Sequence[str]) -> Factor:
    """Return the labels of bins by their numbers; the missing value's bin is -1."""
    keys = (*map(float, range(len(labels))), -1.0)
    return Factor(domain=Domain(slot=slot, name="", keys=keys), values=(*labels, *[MISSING] * 3))


def _ratio(step: Ratio, values: Sequence[Value], draft: Draft) -> list[Value]:
    first, second = _floats(step, values, draft)
    return [Number(slot=draft.add(plan.Ratio(numerator=first.slot, denominator=second.slot)))]


def _product(step: Product, values: Sequence[Value], draft: Draft) -> list[Value]:
    return [Number(slot=draft.add(plan.Product(slots=tuple(one.slot for one in _floats(step, values, draft)))))]


def _sum(step: Sum, values: Sequence[Value], draft: Draft) -> list[Value]:
    return [Number(slot=draft.add(plan.Sum(slots=tuple(one.slot for one in _floats(step, values, draft)))))]


def _moments(step: Any, values: Sequence[Value]) -> list[Moment]:  # noqa: ANN401 - any step
    moments = [value for value in values if isinstance(value, Moment)]
    if len(moments) < len(values):
        raise NotLowered(f"{type(step).__name__} takes something else than date-times")
    return moments


def _date_parts(step: DateParts, values: Sequence[Value], draft: Draft) -> list[Value]:
    return [
        Number(slot=draft.add(plan.Date(slot=moment.slot, part=cast("plan.PartName", part))), known=moment.known)
        for moment in _moments(step, values)
        for part in step.parts_
    ]


def _elapsed(step: Elapsed, values: Sequence[Value], draft: Draft) -> list[Value]:
    start, end = _moments(step, values)
    op = plan.Elapsed(start=start.slot, end=end.slot, unit=float(step.unit_))
    return [Number(slot=draft.add(op), known=start.known and end.known)]


def _missing_values(step: MissingValues, values: Sequence[Value], draft: Draft) -> list[Value]:
    given = {int(np.flatnonzero(step.feature_names_in_ == name)[0]): known for name, known in step.values_.items()}
    return [_cleared(value, given[index], draft) if index in given else value for index, value in enumerate(values)]


def _cleared(value: Value, disguised: Sequence[float | str], draft: Draft) -> Value:
    if isinstance(value, Factor):
        strings = [_spelled(one) for one in disguised]
        return value.extended(strings).changed(lambda one: None if one in strings else one)
    number = number_of(value, draft, "MissingValues")
    numbers = tuple(float(one) for one in disguised if not isinstance(one, str))
    if not numbers:
        return number
    return Number(slot=draft.add(plan.Blank(slot=number.slot, values=numbers)), single=number.single)


def _spelled(value: float | str) -> str:
    """Return a number as a table writes it: 0.0 came from TOML as 0."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _same(_step: ShortNames, values: Sequence[Value], _draft: Draft) -> list[Value]:
    return list(values)


STEPS: Mapping[type, Callable[[Any, Sequence[Value], Draft], list[Value]]] = {
    Bin: _bin,
    Clip: _clip,
    DateParts: _date_parts,
    Elapsed: _elapsed,
    MissingValues: _missing_values,
    OutlierFlag: _outlier_flag,
    Product: _product,
    Ratio: _ratio,
    ReplaceOutliers: _replace_outliers,
    ShortNames: _same,
    Sum: _sum,
}
"""Each step and what it does."""
