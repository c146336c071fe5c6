"""A table typed as its profile says, or as a signature asks."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from carafe.schema import Kind, Signature
from carafe.tables.columns import require_column
from carafe.tables.dates import study_dates
from carafe.tables.numbers import stripped, study_numbers, without_null_words
from carafe.tables.profile import Profile
from carafe.tables.roles import Decision, Role
from carafe.tables.series import typed_series

_ROLES = {
    Kind.NUMBER: Role.NUMERIC,
    Kind.INTEGER: Role.INTEGER,
    Kind.BOOLEAN: Role.BOOLEAN,
    Kind.CATEGORY: Role.CATEGORY,
    Kind.TEXT: Role.TEXT,
    Kind.DATETIME: Role.DATETIME,
}


def cast_frame(frame: pl.DataFrame, profile: Profile) -> pl.DataFrame:
    """Return the profile's columns of the table, typed as their roles say; casting twice changes nothing.

    numeric Float64, integer Int64, boolean Boolean, category and text String, date-time Datetime in microseconds;
    missing values are null. Other columns of the table are left out.

    Raises:
        UnknownColumn: when the table lacks a column of the profile.
    """
    for column in profile.columns:
        require_column(frame.columns, column.name)
    return pl.DataFrame([typed_series(frame[column.name], column.decision) for column in profile.columns])


def cast_to_signature(frame: pl.DataFrame, signature: Signature) -> pl.DataFrame:
    """Return the table with the text of the signature's columns read as their kinds ask; other columns stay.

    For tables that hold everything as text, such as a CSV file of rows to predict. A column with text that does not
    fit stays text, so that ``rows_from_frame`` can name the values.
    """
    columns = [_read_text(frame[name], signature) if name in signature.names else frame[name] for name in frame.columns]
    return pl.DataFrame(columns)


def _read_text(values: pl.Series, signature: Signature) -> pl.Series:
    column = signature.columns[signature.position[values.name]]
    kind = column.kind
    if values.dtype != pl.String:
        return values
    if column.is_numbered:
        values = values.str.replace(r"^\s*([+-]?[0-9]+)\.0*\s*$", "${1}")
    if kind in {Kind.CATEGORY, Kind.TEXT}:
        return typed_series(values, Decision(role=_ROLES[kind], reason=""))
    known = without_null_words(stripped(values))
    numbers = study_numbers(known)
    decision = Decision(role=_ROLES[kind], reason="", date_format=study_dates(known))
    if numbers is not None:
        decision = replace(decision, notation=numbers.notation)
    if kind is Kind.DATETIME and decision.date_format is None:
        return values
    typed = typed_series(values, decision)
    return typed if typed.null_count() == known.null_count() else known
