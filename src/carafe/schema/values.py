"""One value of a record: what its column takes, and how it is held in Rows."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import UTC, date, datetime

import numpy as np

from carafe.schema.signature import Column, Kind

EXACT_INTEGER = 2**53
"""The largest whole number below which a double holds every integer exactly."""

_EXPECTED: dict[Kind, str] = {
    Kind.NUMBER: "a number",
    Kind.INTEGER: "a whole number between -2^53 and 2^53",
    Kind.BOOLEAN: "true or false",
    Kind.CATEGORY: "a string",
    Kind.TEXT: "a string",
    Kind.DATETIME: "an ISO 8601 date or date-time string",
}


class Refused(Exception):
    """Raised when a value does not fit its column; may say more closely what was expected."""


def encode_value(column: Column, value: object) -> object:
    """Return a value as Rows hold it in this column.

    Raises:
        Refused: when the column does not take it.
    """
    return _encode_missing(column) if _is_missing(value) else _ENCODERS[column.kind](column, _plain(value))


def shown(value: object) -> str:
    """Return ``value`` as short JSON for an error message; never more than about 60 characters."""
    if isinstance(value, (dict, list)):
        return "an object" if isinstance(value, dict) else "a list"
    if isinstance(value, float) and math.isinf(value):
        return "a number beyond the range of a double"
    try:
        text = json.dumps(value, ensure_ascii=True, default=str)
    except ValueError:  # an integer beyond the interpreter's limit for decimal conversion
        return "a number of very many digits"
    return text if len(text) <= 60 else text[:57] + "..."


def _is_missing(value: object) -> bool:
    """None, and the values that are not equal to themselves: NaN and the NaT of NumPy and pandas."""
    return value is None or (isinstance(value, (float, np.floating, np.datetime64, datetime)) and value != value)  # noqa: PLR0124


def _plain(value: object) -> object:
    """Return the Python value that a NumPy scalar holds; date-times stay, as theirs may count nanoseconds."""
    return value.item() if isinstance(value, np.generic) and not isinstance(value, np.datetime64) else value


def printable(text: str) -> str:
    """Return ``text`` with lone surrogates escaped, so that it can be written down as UTF-8."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def expected_of(column: Column) -> str:
    """Return what a column takes, in words for an error message."""
    expected = "a whole number or a string" if column.is_numbered else _EXPECTED[column.kind]
    return expected + (" or null" if column.nullable else "")


def _encode_missing(column: Column) -> object:
    if not column.nullable:
        raise Refused
    if column.kind in {Kind.CATEGORY, Kind.TEXT}:
        return None
    return np.datetime64("NaT", "us") if column.kind is Kind.DATETIME else math.nan


def _encode_number(_column: Column, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Refused
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise Refused("a number between -1.8e308 and 1.8e308")
    if isinstance(value, int) and number != value:
        raise Refused("a number that 64-bit floating point holds exactly: whole numbers up to 2^53 are")
    return number


def _encode_integer(_column: Column, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Refused
    if not -EXACT_INTEGER <= value <= EXACT_INTEGER or value != int(value):
        raise Refused
    return float(value)


def _encode_boolean(_column: Column, value: object) -> float:
    if not isinstance(value, bool):
        raise Refused
    return float(value)


def _encode_category(column: Column, value: object) -> str:
    if isinstance(value, str):
        return _encode_text(column, value)
    if isinstance(value, bool) or not column.is_numbered:
        raise Refused
    if isinstance(value, float) and abs(value) <= EXACT_INTEGER and value.is_integer():
        return str(int(value))
    if isinstance(value, int):
        return str(value)
    raise Refused


def _encode_text(_column: Column, value: object) -> str:
    if not isinstance(value, str):
        raise Refused
    if not value.isascii() and printable(value) != value:
        raise Refused("a string of whole characters, without lone surrogates")
    return value


def _encode_datetime(_column: Column, value: object) -> np.datetime64:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise Refused from None
    if isinstance(value, datetime):
        try:
            naive = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
        except OverflowError:
            raise Refused("a date-time between the years 1 and 9999 in UTC") from None
        return np.datetime64(naive, "us")
    if isinstance(value, date):
        return np.datetime64(value, "us")
    if isinstance(value, np.datetime64):
        microseconds: np.datetime64 = value.astype("datetime64[us]")
        return microseconds
    raise Refused


_ENCODERS: dict[Kind, Callable[[Column, object], object]] = {
    Kind.NUMBER: _encode_number,
    Kind.INTEGER: _encode_integer,
    Kind.BOOLEAN: _encode_boolean,
    Kind.CATEGORY: _encode_category,
    Kind.TEXT: _encode_text,
    Kind.DATETIME: _encode_datetime,
}
