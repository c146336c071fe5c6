"""Rows that fit a signature, column by column, and the strict encoding of plain records into them."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from carafe.errors import FieldProblem, InvalidInput
from carafe.schema.signature import Column, Kind, Signature

MAX_PROBLEMS = 100
"""How many problems one error lists; the rest would only be noise."""

EXACT_INTEGER = 2**53
"""The largest whole number below which a double holds every integer exactly."""

_DTYPES: dict[Kind, str] = {
    Kind.NUMBER: "float64",
    Kind.INTEGER: "float64",
    Kind.BOOLEAN: "float64",
    Kind.CATEGORY: "object",
    Kind.TEXT: "object",
    Kind.DATETIME: "datetime64[us]",
}

_EXPECTED: dict[Kind, str] = {
    Kind.NUMBER: "a number",
    Kind.INTEGER: "a whole number between -2^53 and 2^53",
    Kind.BOOLEAN: "true or false",
    Kind.CATEGORY: "a string",
    Kind.TEXT: "a string",
    Kind.DATETIME: "an ISO 8601 date or date-time string",
}


_ABSENT = object()
"""Stands where a record has no value for a column; that it has none is noted already."""


class _Refused(Exception):
    """Raised by an encoder when a value does not fit its column; may say more closely what was expected."""


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """One array a signature column, all of one length.

    numbers, integers and booleans: float64, NaN = missing; categories and texts: object array of str, None = missing;
    date-times: datetime64[us] in UTC (or as naive as they came), NaT = missing.
    """

    columns: tuple[NDArray[Any], ...]

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(self.columns[0]) if self.columns else 0

    def take(self, index: NDArray[np.intp] | slice) -> Rows:
        """Return the rows at ``index``."""
        return Rows(tuple(column[index] for column in self.columns))


def dtype_of(kind: Kind) -> np.dtype[Any]:
    """Return the dtype in which Rows hold a column of this kind."""
    return np.dtype(_DTYPES[kind])


def encode_records(signature: Signature, records: Sequence[object]) -> Rows:
    """Encode records (mappings by column name, or sequences in signature order) into Rows.

    None and NaN are missing values: taken where the column is nullable, a problem elsewhere. NumPy scalars are taken
    as the Python values they hold.

    Raises:
        InvalidInput: with one problem for every missing, unknown or ill-typed field (at most MAX_PROBLEMS), or for
            an empty list.
    """
    if not records:
        raise InvalidInput([FieldProblem(row=0, field="", got="an empty list", expected="at least one row")])
    problems: list[FieldProblem] = []
    table: list[Sequence[object]] = []
    for index, record in enumerate(records):
        table.append(_in_order(signature, index, record, problems))
        if len(problems) >= MAX_PROBLEMS:
            break
    columns = tuple(
        _encode_column(column, [row[position] for row in table], problems)
        for position, column in enumerate(signature.columns)
    )
    if problems:
        raise InvalidInput(sorted(problems, key=lambda problem: problem.row)[:MAX_PROBLEMS])
    return Rows(columns)


def count_unseen(signature: Signature, rows: Rows) -> int:
    """Count the category values in ``rows`` that training did not meet.

    A column whose categories nobody wrote down (a model published without them) counts none.
    """
    unseen = 0
    for column, values in zip(signature.columns, rows.columns, strict=True):
        if column.kind is Kind.CATEGORY and column.categories:
            known = {str(value) for value in column.categories}
            unseen += sum(value is not None and value not in known for value in values)
    return unseen


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


def _in_order(signature: Signature, row: int, record: object, problems: list[FieldProblem]) -> Sequence[object]:
    """Return the record's values in signature order, _ABSENT where none came; note what is missing or unknown."""
    if isinstance(record, Mapping):
        missing = [name for name in signature.names if name not in record]
        unknown = (
            [name for name in record if name not in signature.position]
            if len(record) + len(missing) != len(signature.names)
            else []
        )
        problems.extend(_missing(signature, row, name) for name in missing)
        problems.extend(_unknown(signature, row, name) for name in unknown[:MAX_PROBLEMS])
        return [record.get(name, _ABSENT) for name in signature.names]
    if isinstance(record, Sequence) and not isinstance(record, (str, bytes)):
        if len(record) == len(signature.names):
            return record
        expected = f"{len(signature.names)} values in this order: {', '.join(signature.names[:20])}"
        problems.append(FieldProblem(row=row, field="", got=f"a list of {len(record)}", expected=expected))
        return [_ABSENT] * len(signature.names)
    expected = "an object with one field a column, or a list in signature order"
    problems.append(FieldProblem(row=row, field="", got=shown(record), expected=expected))
    return [_ABSENT] * len(signature.names)


def _missing(signature: Signature, row: int, name: str) -> FieldProblem:
    column = signature.columns[signature.position[name]]
    return FieldProblem(row=row, field=name, got="nothing", expected=_expected(column))


def _unknown(signature: Signature, row: int, name: object) -> FieldProblem:
    known = ", ".join(signature.names[:20])
    return FieldProblem(row=row, field=_printable(str(name)[:60]), got="an unknown field", expected=f"one of: {known}")


def _encode_column(column: Column, values: Iterable[object], problems: list[FieldProblem]) -> NDArray[Any]:
    encode = _ENCODERS[column.kind]
    encoded: list[object] = []
    refused: list[FieldProblem] = []
    for row, value in enumerate(values):
        if value is _ABSENT:
            continue
        try:
            encoded.append(_encode_missing(column) if _is_missing(value) else encode(column, _plain(value)))
        except _Refused as refusal:
            expected = str(refusal) or _expected(column)
            refused.append(FieldProblem(row=row, field=column.name, got=shown(value), expected=expected))
            if len(refused) >= MAX_PROBLEMS:
                break
    if refused:
        problems.extend(refused)
        return np.empty(0, dtype=dtype_of(column.kind))
    array: NDArray[Any] = np.array(encoded, dtype=dtype_of(column.kind))
    return array


def _is_missing(value: object) -> bool:
    """None, and the values that are not equal to themselves: NaN and the NaT of NumPy and pandas."""
    return value is None or (isinstance(value, (float, np.floating, np.datetime64, datetime)) and value != value)  # noqa: PLR0124


def _plain(value: object) -> object:
    """Return the Python value that a NumPy scalar holds; date-times stay, as theirs may count nanoseconds."""
    return value.item() if isinstance(value, np.generic) and not isinstance(value, np.datetime64) else value


def _printable(text: str) -> str:
    """Return ``text`` with lone surrogates escaped, so that it can be written down as UTF-8."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _expected(column: Column) -> str:
    if column.kind is Kind.CATEGORY and any(isinstance(value, int) for value in column.categories):
        expected = "a whole number or a string"
    else:
        expected = _EXPECTED[column.kind]
    return expected + (" or null" if column.nullable else "")


def _encode_missing(column: Column) -> object:
    if not column.nullable:
        raise _Refused
    if column.kind in {Kind.CATEGORY, Kind.TEXT}:
        return None
    return np.datetime64("NaT", "us") if column.kind is Kind.DATETIME else math.nan


def _encode_number(_column: Column, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _Refused
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise _Refused("a number between -1.8e308 and 1.8e308")
    if isinstance(value, int) and number != value:
        raise _Refused("a number that 64-bit floating point holds exactly: whole numbers up to 2^53 are")
    return number


def _encode_integer(_column: Column, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _Refused
    if not -EXACT_INTEGER <= value <= EXACT_INTEGER or value != int(value):
        raise _Refused
    return float(value)


def _encode_boolean(_column: Column, value: object) -> float:
    if not isinstance(value, bool):
        raise _Refused
    return float(value)


def _encode_category(column: Column, value: object) -> str:
    if isinstance(value, str):
        return _encode_text(column, value)
    if isinstance(value, int) and not isinstance(value, bool) and any(isinstance(c, int) for c in column.categories):
        return str(value)
    raise _Refused


def _encode_text(_column: Column, value: object) -> str:
    if not isinstance(value, str):
        raise _Refused
    if not value.isascii() and _printable(value) != value:
        raise _Refused("a string of whole characters, without lone surrogates")
    return value


def _encode_datetime(_column: Column, value: object) -> np.datetime64:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise _Refused from None
    if isinstance(value, datetime):
        try:
            naive = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
        except OverflowError:
            raise _Refused("a date-time between the years 1 and 9999 in UTC") from None
        return np.datetime64(naive, "us")
    if isinstance(value, date):
        return np.datetime64(value, "us")
    if isinstance(value, np.datetime64):
        microseconds: np.datetime64 = value.astype("datetime64[us]")
        return microseconds
    raise _Refused


_ENCODERS: dict[Kind, Callable[[Column, object], object]] = {
    Kind.NUMBER: _encode_number,
    Kind.INTEGER: _encode_integer,
    Kind.BOOLEAN: _encode_boolean,
    Kind.CATEGORY: _encode_category,
    Kind.TEXT: _encode_text,
    Kind.DATETIME: _encode_datetime,
}
