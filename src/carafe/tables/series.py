"""One column, typed as its role says."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from carafe.tables.dates import read_dates
from carafe.tables.numbers import finite, read_numbers, stripped, without_null_words
from carafe.tables.roles import Decision, Role


def typed_series(values: pl.Series, decision: Decision) -> pl.Series:
    """Return the column as its role says; null where a value is missing or can't be one of that role.

    numeric Float64; integer Int64; boolean Boolean; date-time Datetime (microseconds, UTC where an offset is given);
    category and text String. Identifiers and constants keep their type, strings without white space at their ends.
    Typing what is typed already changes nothing.
    """
    return _TYPED.get(decision.role, _kept)(values, decision)


def is_comparable(dtype: pl.DataType) -> bool:
    """Tell whether values of this type can be counted and told apart."""
    return not dtype.is_nested() and dtype not in {pl.Object, pl.Binary, pl.Unknown}


def _kept(values: pl.Series, _decision: Decision) -> pl.Series:
    return stripped(values) if values.dtype == pl.String else values


def _numeric(values: pl.Series, decision: Decision) -> pl.Series:
    if values.dtype == pl.String:
        return read_numbers(values, decision.notation)
    return finite(values.cast(pl.Float64, strict=False))


def _integer(values: pl.Series, decision: Decision) -> pl.Series:
    if values.dtype.is_integer():
        return values.cast(pl.Int64, strict=False)
    numbers = _numeric(values, decision)
    whole = numbers.set((numbers != numbers.round()).fill_null(value=False), None)
    return whole.cast(pl.Int64, strict=False)


def _boolean(values: pl.Series, _decision: Decision) -> pl.Series:
    if values.dtype != pl.String:
        return values.cast(pl.Boolean, strict=False)
    words = stripped(values).str.to_lowercase()
    return (words == "true").set(~words.is_in(["true", "false"]), None)


def _datetime(values: pl.Series, decision: Decision) -> pl.Series:
    if values.dtype == pl.String:
        return read_dates(without_null_words(stripped(values)), decision.date_format or "")
    if isinstance(values.dtype, pl.Datetime) and values.dtype.time_zone:
        values = values.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return values.cast(pl.Datetime("us"), strict=False)


def _category(values: pl.Series, _decision: Decision) -> pl.Series:
    if values.dtype == pl.Boolean:
        return values.replace_strict({True: "true", False: "false"}, return_dtype=pl.String)
    if values.dtype.is_float() and bool((values.is_null() | (values == values.round()) | values.is_nan()).all()):
        values = finite(values.cast(pl.Float64)).cast(pl.Int64, strict=False)
    return stripped(values.cast(pl.String, strict=False))


def _text(values: pl.Series, _decision: Decision) -> pl.Series:
    return values.cast(pl.String, strict=False) if values.dtype != pl.String else _blank_to_null(values)


def _blank_to_null(values: pl.Series) -> pl.Series:
    return values.set((values.str.strip_chars() == "").fill_null(value=False), None)


_TYPED: dict[Role, Callable[[pl.Series, Decision], pl.Series]] = {
    Role.NUMERIC: _numeric,
    Role.INTEGER: _integer,
    Role.BOOLEAN: _boolean,
    Role.DATETIME: _datetime,
    Role.CATEGORY: _category,
    Role.TEXT: _text,
}
