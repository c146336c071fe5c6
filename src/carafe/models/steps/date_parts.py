"""Date-times, taken apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from carafe.models.steps.frames import Floats, Frame, moments, names_of

Moments = NDArray[np.datetime64]


class DatePart(StrEnum):
    """One number that can be taken from a date-time."""

    YEAR = "year"
    QUARTER = "quarter"
    MONTH = "month"
    DAY = "day"
    DAY_OF_YEAR = "day-of-year"
    WEEKDAY = "weekday"
    WEEKEND = "weekend"
    HOUR = "hour"
    MINUTE = "minute"
    DAYS = "days"
    YEAR_SINE = "year-sine"
    YEAR_COSINE = "year-cosine"
    WEEK_SINE = "week-sine"
    WEEK_COSINE = "week-cosine"
    DAY_SINE = "day-sine"
    DAY_COSINE = "day-cosine"


class DateParts(TransformerMixin, BaseEstimator):  # type: ignore[misc] # scikit-learn ships no types
    """The parts of each date-time as numbers: (n, k) date-times in, (n, k x parts) float64 out, NaN where missing.

    Columns are named ``<column>_<part>``. weekday counts from 0 = Monday; weekend is 1 on Saturday and Sunday; days
    are days since 1970-01-01, with their fraction. A sine and cosine together place the moment on the circle of its
    year, week or day, so that 23:59 is near 00:00.

    Args:
        parts: which parts, in order (see `DatePart`).
    """

    def __init__(self, *, parts: Sequence[str] = ("year", "month", "day", "weekday", "hour")) -> None:
        self.parts = parts

    def fit(self, X: Frame, y: object = None) -> Self:  # noqa: N803, ARG002 - scikit-learn's names
        """Note the columns' names and the parts, ``parts_``; nothing is learnt from the values."""
        moments(self, X, reset=True)
        self.parts_ = [str(DatePart(part)) for part in self.parts]
        return self

    def transform(self, X: Frame) -> Floats:  # noqa: N803 - scikit-learn's name
        """Return the parts, float64 of shape (n, k x parts), column by column."""
        check_is_fitted(self)
        values = moments(self, X, reset=False)
        columns = [_part(column, part) for column in values.T for part in self.parts_]
        return np.stack(columns, axis=1) if columns else np.empty((len(values), 0))

    def get_feature_names_out(self, input_features: object = None) -> NDArray[np.object_]:
        """Return ``<column>_<part>`` for each column and part."""
        check_is_fitted(self)
        names = names_of(self, input_features)
        return np.array([f"{name}_{part}" for name in names for part in self.parts_], dtype=object)


def _part(values: Moments, part: str) -> Floats:
    missing = np.isnat(values)
    known = np.where(missing, np.datetime64(0, "us"), values)
    numbers = _PARTS[DatePart(part)](known).astype(np.float64)
    numbers[missing] = np.nan
    return numbers


def _since(values: Moments, unit: str) -> Floats:
    """Return how far each moment is into its year, month or day, in days."""
    start = values.astype(f"datetime64[{unit}]").astype(values.dtype)
    return (values - start) / np.timedelta64(1, "D")


def _weekday(values: Moments) -> NDArray[np.int64]:
    # 1970-01-01 was a Thursday, weekday 3.
    return (values.astype("datetime64[D]").astype(np.int64) + 3) % 7


def _year_angle(values: Moments) -> Floats:
    return 2 * np.pi * _since(values, "Y") / 365.25


def _week_angle(values: Moments) -> Floats:
    return 2 * np.pi * (_weekday(values) + _since(values, "D")) / 7


def _day_angle(values: Moments) -> Floats:
    return 2 * np.pi * _since(values, "D")


def _month(values: Moments) -> NDArray[np.int64]:
    return values.astype("datetime64[M]").astype(np.int64) % 12 + 1


_PARTS: dict[DatePart, Callable[[Moments], NDArray[np.int64] | Floats]] = {
    DatePart.YEAR: lambda values: values.astype("datetime64[Y]").astype(np.int64) + 1970,
    DatePart.QUARTER: lambda values: (_month(values) + 2) // 3,
    DatePart.MONTH: _month,
    DatePart.DAY: lambda values: np.floor(_since(values, "M")) + 1,
    DatePart.DAY_OF_YEAR: lambda values: np.floor(_since(values, "Y")) + 1,
    DatePart.WEEKDAY: _weekday,
    DatePart.WEEKEND: lambda values: (_weekday(values) >= 5).astype(np.float64),
    DatePart.HOUR: lambda values: values.astype("datetime64[h]").astype(np.int64) % 24,
    DatePart.MINUTE: lambda values: values.astype("datetime64[m]").astype(np.int64) % 60,
    DatePart.DAYS: lambda values: values.astype(np.int64) / 86_400_000_000,
    DatePart.YEAR_SINE: lambda values: np.sin(_year_angle(values)),
    DatePart.YEAR_COSINE: lambda values: np.cos(_year_angle(values)),
    DatePart.WEEK_SINE: lambda values: np.sin(_week_angle(values)),
    DatePart.WEEK_COSINE: lambda values: np.cos(_week_angle(values)),
    DatePart.DAY_SINE: lambda values: np.sin(_day_angle(values)),
    DatePart.DAY_COSINE: lambda values: np.cos(_day_angle(values)),
}
