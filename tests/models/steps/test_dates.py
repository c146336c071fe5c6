from __future__ import annotations

import math
from datetime import datetime

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carafe.models.steps import DatePart, DateParts, Elapsed

COUNTED = [part for part in DatePart if not part.endswith("sine")]


def frame(*values: datetime | None, name: str = "at") -> pl.DataFrame:
    return pl.DataFrame({name: list(values)}, schema={name: pl.Datetime("us")})


def parts(moment: datetime | None, *wanted: str) -> list[float]:
    row: list[float] = DateParts(parts=wanted).fit_transform(frame(moment))[0].tolist()
    return row


def test_a_leap_days_parts() -> None:
    moment = datetime(2024, 2, 29, 18, 30)  # noqa: DTZ001 - a Thursday
    expected = {
        "year": 2024,
        "quarter": 1,
        "month": 2,
        "day": 29,
        "day-of-year": 60,
        "weekday": 3,
        "weekend": 0,
        "hour": 18,
        "minute": 30,
        "days": 19782 + 18.5 / 24,
    }
    assert parts(moment, *expected) == pytest.approx(list(expected.values()))


def test_saturday_and_sunday_are_the_weekend() -> None:
    days = [datetime(2024, 3, day) for day in range(1, 5)]  # noqa: DTZ001 - Friday to Monday
    assert [parts(day, "weekend") for day in days] == [[0], [1], [1], [0]]


def test_moments_before_1970_are_taken_apart_like_others() -> None:
    moment = datetime(1969, 12, 31, 23, 59)  # noqa: DTZ001 - a Wednesday
    assert parts(moment, "year", "month", "day", "weekday", "hour", "minute") == [1969, 12, 31, 2, 23, 59]


def test_the_circle_of_the_day_closes_at_midnight() -> None:
    noon, evening = datetime(2024, 1, 1, 12), datetime(2024, 1, 1, 18)  # noqa: DTZ001 - as tables hold them
    assert parts(noon, "day-sine", "day-cosine") == pytest.approx([0, -1], abs=1e-12)
    assert parts(evening, "day-sine", "day-cosine") == pytest.approx([-1, 0], abs=1e-12)


def test_the_circle_of_the_week_begins_on_monday() -> None:
    assert parts(datetime(2024, 1, 1), "week-sine", "week-cosine") == pytest.approx([0, 1])  # noqa: DTZ001 - a Monday


def test_every_part_of_a_missing_date_time_is_missing() -> None:
    assert all(math.isnan(value) for value in parts(None, *DatePart))


def test_columns_are_named_after_column_and_part() -> None:
    step = DateParts(parts=["year", "week-sine"]).fit(frame(None))
    assert step.get_feature_names_out().tolist() == ["at_year", "at_week-sine"]


def test_an_unknown_part_is_named() -> None:
    with pytest.raises(ValueError, match="'century' is not a valid DatePart"):
        DateParts(parts=["century"]).fit(frame(None))


@given(st.datetimes(datetime(1700, 1, 1), datetime(2200, 1, 1)))  # noqa: DTZ001 - as tables hold them
def test_parts_are_those_of_the_calendar(moment: datetime) -> None:
    day = moment.timetuple()
    expected = [moment.year, (moment.month + 2) // 3, moment.month, moment.day, day.tm_yday, day.tm_wday]
    expected += [day.tm_wday >= 5, moment.hour, moment.minute]
    assert parts(moment, *COUNTED)[:-1] == expected


def test_elapsed_time_is_counted_from_the_first_to_the_second_column() -> None:
    start, end = datetime(2024, 1, 1, 10), datetime(2024, 1, 1, 13)  # noqa: DTZ001 - as tables hold them
    both = pl.concat([frame(start, end, None, name="a"), frame(end, start, end, name="b")], how="horizontal")
    found = {unit: Elapsed(unit=unit).fit_transform(both).ravel() for unit in ("seconds", "minutes", "hours", "days")}
    assert np.array_equal(found["seconds"], [10800, -10800, np.nan], equal_nan=True)
    assert found["minutes"][0] == 180
    assert found["hours"][0] == 3
    assert found["days"][0] == 0.125


def test_elapsed_takes_two_columns() -> None:
    with pytest.raises(ValueError, match="takes two date-time columns, got 1"):
        Elapsed().fit(frame(None))
