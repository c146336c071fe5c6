"""Dates and times written as text: the usual ways, one of which a column keeps to."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

ISO = "ISO 8601"
"""The name of the date format that serving takes too."""

_CLOCK = r"(?:[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?"
_ISO_PATTERN = r"^\d{4}-\d{2}(?:-\d{2}" + _CLOCK + r"(?:Z|[+-]\d{2}:?\d{2})?)?$"
_ZONED = r":\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2})$"
_CLOCKS = (" %H:%M:%S%.f", " %H:%M", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class DateFormat:
    """One way to write a day; a clock time may follow it."""

    name: str
    pattern: str
    day: str
    """The day in the notation of strptime."""


_FORMATS = (
    DateFormat(name="year/month/day", pattern=r"^\d{4}/\d{1,2}/\d{1,2}", day="%Y/%m/%d"),
    DateFormat(name="month/day/year", pattern=r"^\d{1,2}/\d{1,2}/\d{4}", day="%m/%d/%Y"),
    DateFormat(name="day/month/year", pattern=r"^\d{1,2}/\d{1,2}/\d{4}", day="%d/%m/%Y"),
    DateFormat(name="month/day/year (two digits)", pattern=r"^\d{1,2}/\d{1,2}/\d{2}", day="%m/%d/%y"),
    DateFormat(name="day/month/year (two digits)", pattern=r"^\d{1,2}/\d{1,2}/\d{2}", day="%d/%m/%y"),
    DateFormat(name="day.month.year", pattern=r"^\d{1,2}\.\d{1,2}\.\d{4}", day="%d.%m.%Y"),
    DateFormat(name="day-month-year", pattern=r"^\d{1,2}-\d{1,2}-\d{4}", day="%d-%m-%Y"),
    DateFormat(name="day month-name year", pattern=r"^\d{1,2} [A-Za-z]{3,9} \d{4}", day="%d %b %Y"),
    DateFormat(name="day-month-name-year", pattern=r"^\d{1,2}-[A-Za-z]{3,9}-\d{4}", day="%d-%b-%Y"),
    DateFormat(name="month-name day, year", pattern=r"^[A-Za-z]{3,9} \d{1,2}, \d{4}", day="%b %d, %Y"),
)
_BY_NAME = {form.name: form for form in _FORMATS}

DATE_FORMATS = (ISO, *_BY_NAME)
"""The names of the formats that are recognised, in the order in which they are tried."""


def study_dates(text: pl.Series) -> str | None:
    """Return the name of the first format that all of this stripped text keeps to, null words taken out; or None.

    Where days and months can't be told apart (no number above 12), the month is taken to come first between slashes.
    """
    present = text.drop_nulls()
    if not len(present):
        return None
    for sample in (present.head(100), present):
        fitting = next((name for name in DATE_FORMATS if read_dates(sample, name).null_count() == 0), None)
        if fitting is None:
            return None
    return fitting


def nearest_date_format(text: pl.Series) -> str:
    """Return the name of the format that most of this stripped text keeps to, though not all does."""
    sample = text.drop_nulls().head(1_000)
    return min(DATE_FORMATS, key=lambda name: read_dates(sample, name).null_count())


def read_dates(text: pl.Series, name: str) -> pl.Series:
    """Return the text's date-times (microseconds, UTC where it gives an offset); null where it keeps to another format.

    A month without a day is its first day.
    """
    bare = text.str.strip_chars()
    if name == ISO:
        return _read_iso(bare)
    form = _BY_NAME[name]
    clear = bare.set(~bare.str.contains(form.pattern + _CLOCK + "$").fill_null(value=False), None)
    if "%b" in form.day:
        return _first_parsed(clear.str.replace("([A-Za-z]{3})[a-z]*", "${1}"), form.day)
    return _first_parsed(clear.str.replace("T", " ", literal=True), form.day)


def _read_iso(bare: pl.Series) -> pl.Series:
    clear = bare.set(~bare.str.contains(_ISO_PATTERN).fill_null(value=False), None)
    plain = clear.str.replace("T", " ", literal=True)
    parsed = _first_parsed(plain, "%Y-%m-%d").zip_with(
        ~plain.str.contains(r"^\d{4}-\d{2}$").fill_null(value=False), _parse(plain + "-01", "%Y-%m-%d")
    )
    zoned = plain.str.contains(_ZONED).fill_null(value=False)
    if not zoned.any():
        return parsed
    offsets = plain.str.replace("Z$", "+00:00").str.to_datetime("%Y-%m-%d %H:%M:%S%.f%z", time_unit="us", strict=False)
    return offsets.dt.replace_time_zone(None).zip_with(zoned, parsed)


def _first_parsed(text: pl.Series, day: str) -> pl.Series:
    parsed = _parse(text, day + _CLOCKS[0])
    for clock in _CLOCKS[1:]:
        if parsed.null_count() > text.null_count():
            parsed = parsed.zip_with(parsed.is_not_null(), _parse(text, day + clock))
    return parsed


def _parse(text: pl.Series, form: str) -> pl.Series:
    if "%H" in form:
        return text.str.to_datetime(form, time_unit="us", strict=False)
    day_only = text.set(text.str.contains(":", literal=True).fill_null(value=False), None)
    return day_only.str.to_date(form, strict=False).cast(pl.Datetime("us"))
