"""Parts of date-times, of many at once and of one: the calendar of a plan.

The same numbers as `carafe.models.steps.DateParts`, which can't be imported where scikit-learn is absent; a test holds
the two together.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Moments = NDArray[np.datetime64]
Floats = NDArray[np.float64]

DAY = 86_400_000_000
"""Microseconds of a day."""


def part_of(values: Moments, part: str) -> Floats:
    """Return one part of each moment, float64 of shape (n,), NaN where it is missing."""
    missing = np.isnat(values)
    known = np.where(missing, np.datetime64(0, "us"), values)
    numbers = _PARTS[part](known).astype(np.float64)
    numbers[missing] = np.nan
    return numbers


def _since(values: Moments, unit: str) -> Floats:
    start = values.astype(f"datetime64[{unit}]").astype(values.dtype)
    return (values - start) / np.timedelta64(1, "D")


def _weekday(values: Moments) -> NDArray[np.int64]:
    # 1970-01-01 was a Thursday, weekday 3.
    return (values.astype("datetime64[D]").astype(np.int64) + 3) % 7


def _month(values: Moments) -> NDArray[np.int64]:
    return values.astype("datetime64[M]").astype(np.int64) % 12 + 1


def _year_angle(values: Moments) -> Floats:
    return 2 * np.pi * _since(values, "Y") / 365.25


def _week_angle(values: Moments) -> Floats:
    return 2 * np.pi * (_weekday(values) + _since(values, "D")) / 7


def _day_angle(values: Moments) -> Floats:
    return 2 * np.pi * _since(values, "D")


_PARTS: dict[str, Callable[[Moments], NDArray[Any]]] = {
    "year": lambda values: values.astype("datetime64[Y]").astype(np.int64) + 1970,
    "quarter": lambda values: (_month(values) + 2) // 3,
    "month": _month,
    "day": lambda values: np.floor(_since(values, "M")) + 1,
    "day-of-year": lambda values: np.floor(_since(values, "Y")) + 1,
    "weekday": _weekday,
    "weekend": lambda values: _weekday(values) >= 5,
    "hour": lambda values: values.astype("datetime64[h]").astype(np.int64) % 24,
    "minute": lambda values: values.astype("datetime64[m]").astype(np.int64) % 60,
    "days": lambda values: values.astype(np.int64) / DAY,
    "year-sine": lambda values: np.sin(_year_angle(values)),
    "year-cosine": lambda values: np.cos(_year_angle(values)),
    "week-sine": lambda values: np.sin(_week_angle(values)),
    "week-cosine": lambda values: np.cos(_week_angle(values)),
    "day-sine": lambda values: np.sin(_day_angle(values)),
    "day-cosine": lambda values: np.cos(_day_angle(values)),
}
