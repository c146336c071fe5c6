"""Values that stand for a missing one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Self

import polars as pl
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data


class MissingValues(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc] # no types there
    """A polars frame with NaN (numbers) or null (strings) in place of the values that stand for a missing one.

    Such as 0 in a blood pressure, or "unknown" in a category. Frame in, frame out, same columns.

    Args:
        values: for each such column, by name, the values that stand for a missing one.
    """

    def __init__(self, *, values: Mapping[str, Sequence[float | str]] | None = None) -> None:
        self.values = values

    def fit(self, X: pl.DataFrame, y: object = None) -> Self:  # noqa: N803, ARG002 - scikit-learn's names
        """Note the columns' names and ``values_``; nothing is learnt from the values."""
        validate_data(self, X, reset=True, skip_check_array=True)
        self.values_ = {name: list(values) for name, values in (self.values or {}).items()}
        return self

    def transform(self, X: pl.DataFrame) -> pl.DataFrame:  # noqa: N803 - scikit-learn's name
        """Return the frame with missing values where they stood in disguise."""
        check_is_fitted(self)
        validate_data(self, X, reset=False, skip_check_array=True)
        return X.with_columns([_cleared(X[name], values) for name, values in self.values_.items()])


def disguised(column: pl.Series, values: Sequence[float | str]) -> pl.Series:
    """Return for each row whether its value is one of ``values``; numbers match strings that spell them."""
    if column.dtype == pl.String:
        return column.is_in([_spelled(value) for value in values]).fill_null(value=False)
    numbers = [float(value) for value in values if not isinstance(value, str)]
    return column.cast(pl.Float64).is_in(numbers).fill_null(value=False)


def _cleared(column: pl.Series, values: Sequence[float | str]) -> pl.Series:
    return column.set(disguised(column, values), None if column.dtype == pl.String else float("nan"))


def _spelled(value: float | str) -> str:
    """Return a number as a table writes it: 0.0 came from TOML as 0."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
