"""The operations of a plan on whole columns: float64 arrays in which NaN means missing, or columns as Rows hold them.

Each computes in the order in which the fitted step does, so that the numbers come out alike to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from carafe.errors import PredictionFailed
from carafe.models.lowering import moments
from carafe.models.lowering.op import Op
from carafe.models.lowering.plan import (
    Above,
    Arithmetic,
    Blank,
    Check,
    Cut,
    Date,
    Elapsed,
    Function,
    Impute,
    Limit,
    Missing,
    Operator,
    Outside,
    Power,
    Product,
    Ratio,
    Replace,
    Single,
    Sum,
    Wrap,
)

Column = NDArray[Any]
Floats = NDArray[np.float64]

EPSILON = float(np.spacing(1.0))
"""An exponent nearer to 0 than this is taken for 0."""


def compute(op: Op, *columns: Column) -> Floats:
    """Return what an operation appends, float64 of shape (n,), of the columns that it reads.

    Raises:
        PredictionFailed: when it is a Check that refuses a number.
    """
    return FUNCTIONS[type(op)](op, *columns)


def is_missing(column: Column) -> NDArray[np.bool_]:
    """Return where a column of Rows, or a slot, has no value."""
    if column.dtype == object:
        return np.equal(column, None)  # type: ignore[no-any-return, call-overload] # elementwise on objects
    return np.isnat(column) if column.dtype.kind == "M" else np.isnan(column)


def _missing(_op: Missing, column: Column) -> Floats:
    return is_missing(column).astype(np.float64)


def _impute(op: Impute, column: Floats) -> Floats:
    return np.where(np.isnan(column), op.fill, column)


def _blank(op: Blank, column: Floats) -> Floats:
    return np.where(np.isin(column, op.values), np.nan, column)


_ARITHMETIC: dict[Operator, Callable[[Floats, float], Floats]] = {
    Operator.ADD: np.add,
    Operator.SUBTRACT: np.subtract,
    Operator.MULTIPLY: np.multiply,
    Operator.DIVIDE: np.divide,
}


def _arithmetic(op: Arithmetic, column: Floats) -> Floats:
    return _ARITHMETIC[op.operator](column, op.by)


def _bounds(op: Limit | Outside | Replace) -> tuple[float, float]:
    return (-np.inf if op.low is None else op.low), (np.inf if op.high is None else op.high)


def _limit(op: Limit, column: Floats) -> Floats:
    low, high = _bounds(op)
    clipped: Floats = np.clip(column, low, high)
    return clipped


def _is_outside(op: Outside | Replace, column: Floats) -> NDArray[np.bool_]:
    low, high = _bounds(op)
    return (column < low) | (column > high)


def _outside(op: Outside, column: Floats) -> Floats:
    return _is_outside(op, column).astype(np.float64)


def _replace(op: Replace, column: Floats) -> Floats:
    return np.where(_is_outside(op, column), np.nan if op.by is None else op.by, column)


def _above(op: Above, column: Floats) -> Floats:
    return (column > op.threshold).astype(np.float64)


def _cut(op: Cut, column: Floats) -> Floats:
    bins = np.searchsorted(np.array(op.edges, dtype=np.float64), column, side="right")
    return np.where(np.isnan(column), -1.0, bins)


def _single(_op: Single, column: Floats) -> Floats:
    return column.astype(np.float32).astype(np.float64)


def _wrap(op: Wrap, column: Floats) -> Floats:
    missing = np.isnan(column)
    return np.where(missing, np.nan, np.where(missing, 0.0, column).astype(op.dtype))


def _function(op: Function, column: Floats) -> Floats:
    return getattr(np, op.name)(column)  # type: ignore[no-any-return] # op.name is one of a few


def _power(op: Power, column: Floats) -> Floats:
    exponent, other = op.exponent, 2 - op.exponent
    rise, fall = np.log1p(np.maximum(column, 0.0)), np.log1p(-np.minimum(column, 0.0))
    above = rise if abs(exponent) < EPSILON else np.expm1(exponent * rise) / exponent
    below = -np.expm1(other * fall) / other if abs(other) > EPSILON else -fall
    return np.where(column >= 0, above, below)


def _check(op: Check, column: Floats) -> Floats:
    wrong = np.isinf(column) | (np.isnan(column) if not op.missing else False)
    if op.low is not None:
        wrong |= column < op.low
    if op.high is not None:
        wrong |= column > op.high
    if wrong.any():
        raise _refusal(op, float(column[wrong][0]))
    return column


def _refusal(op: Check, value: float) -> PredictionFailed:
    """Return the error for a number, or a missing one, that a step of the pipeline does not take."""
    if np.isnan(value):
        return PredictionFailed("the model fails on these rows: one of its steps takes no missing value")
    within = (
        f"numbers from {op.low:g} to {op.high:g}" if op.low is not None and op.high is not None else "finite numbers"
    )
    return PredictionFailed(f"the model fails on these rows: a step was given {value:g}, it takes {within}")


def _finite(column: Floats) -> Floats:
    return np.where(np.isfinite(column), column, np.nan)


def _ratio(_op: Ratio, numerator: Floats, denominator: Floats) -> Floats:
    return _finite(numerator / denominator)


def _product(op: Product, *columns: Floats) -> Floats:
    product = columns[0]
    for column in columns[1:]:
        product = product * column
    return _finite(product) if op.finite else product


def _sum(_op: Sum, *columns: Floats) -> Floats:
    total = columns[0]
    for column in columns[1:]:
        total = total + column
    return _finite(total)


def _elapsed(op: Elapsed, start: Column, end: Column) -> Floats:
    passed = end - start
    return np.where(np.isnat(passed), np.nan, passed.astype(np.int64) / op.unit)


def _date(op: Date, column: Column) -> Floats:
    return moments.part_of(column, op.part)


FUNCTIONS: dict[type[Op], Callable[..., Floats]] = {
    Missing: _missing,
    Impute: _impute,
    Blank: _blank,
    Arithmetic: _arithmetic,
    Limit: _limit,
    Outside: _outside,
    Replace: _replace,
    Above: _above,
    Cut: _cut,
    Single: _single,
    Wrap: _wrap,
    Function: _function,
    Power: _power,
    Check: _check,
    Ratio: _ratio,
    Product: _product,
    Sum: _sum,
    Elapsed: _elapsed,
    Date: _date,
}
"""How each operation is computed for many rows."""
