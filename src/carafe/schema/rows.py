"""Rows that fit a signature, column by column, and the strict encoding of plain records into them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from carafe.errors import FieldProblem, InvalidInput
from carafe.schema.signature import Column, Kind, Signature
from carafe.schema.values import Refused, encode_value, expected_of, printable, shown

MAX_PROBLEMS = 100
"""How many problems one error lists; the rest would only be noise."""

_DTYPES: dict[Kind, str] = {
    Kind.NUMBER: "float64",
    Kind.INTEGER: "float64",
    Kind.BOOLEAN: "float64",
    Kind.CATEGORY: "object",
    Kind.TEXT: "object",
    Kind.DATETIME: "datetime64[us]",
}


_ABSENT = object()
"""Stands where a record has no value for a column; that it has none is noted already."""


Cell = float | str | None
"""One value of a record that fits its column: a number, integer or boolean (a bool is a number here); a string; the
microseconds of a date-time since 1970-01-01, a whole number; None where it is missing, whatever the kind."""

Record = Sequence[Cell]
"""One row that fits a signature, in its order."""


class Rows:
    """One array a signature column, all of one length; or a few records, of which the arrays are made when asked for.

    numbers, integers and booleans: float64, NaN = missing; categories and texts: object array of str, None = missing;
    date-times: datetime64[us] in UTC (or as naive as they came), NaT = missing. Immutable; no row is ever changed.
    """

    __slots__ = ("_columns", "_signature", "records")

    records: Sequence[Record] | None
    """The rows one by one, where they came so; None where they came as columns."""

    def __init__(
        self,
        columns: tuple[NDArray[Any], ...] | None = None,
        signature: Signature | None = None,
        records: Sequence[Record] | None = None,
    ) -> None:
        self._columns = columns
        self._signature = signature
        self.records = records

    @classmethod
    def of_records(cls, signature: Signature, records: Sequence[Record]) -> Self:
        """Return rows of records that fit ``signature``; nothing is checked here."""
        return cls(None, signature, records)

    @classmethod
    def joined(cls, several: Sequence[Rows]) -> Rows:
        """Return the rows of several, which fit one signature, one after the other; records where all are records."""
        if len(several) == 1:
            return several[0]
        listed = [rows.records for rows in several if rows.records is not None]
        if len(listed) == len(several):
            records = [record for part in listed for record in part]
            return cls(signature=several[0]._signature, records=records)  # noqa: SLF001 - its own kind
        return cls(tuple(np.concatenate(parts) for parts in zip(*(rows.columns for rows in several), strict=True)))

    @property
    def columns(self) -> tuple[NDArray[Any], ...]:
        """The arrays, in signature order."""
        if self._columns is None:
            self._columns = _transposed(self._signature, self.records)
        return self._columns

    @property
    def count(self) -> int:
        """How many rows there are."""
        if self.records is not None:
            return len(self.records)
        return len(self.columns[0]) if self.columns else 0

    def chosen(self, indices: Sequence[int]) -> Rows:
        """Return the rows at ``indices``; records where these are records."""
        if self.records is None:
            return self.take(np.array(indices, dtype=np.intp))
        return Rows(signature=self._signature, records=[self.records[index] for index in indices])

    def take(self, index: NDArray[np.intp] | slice) -> Rows:
        """Return the rows at ``index``."""
        return Rows(tuple(column[index] for column in self.columns))


def _transposed(signature: Signature | None, records: Sequence[Record] | None) -> tuple[NDArray[Any], ...]:
    if signature is None or records is None:  # one of the two ways to make rows was not taken
        raise AssertionError
    columns = zip(*records, strict=True) if records else ((),) * len(signature.columns)
    return tuple(_array(column.kind, values) for column, values in zip(signature.columns, columns, strict=True))


def _array(kind: Kind, values: Sequence[Any]) -> NDArray[Any]:
    if kind is Kind.DATETIME:
        moments = [np.datetime64("NaT", "us") if value is None else np.datetime64(value, "us") for value in values]
        return np.array(moments, dtype=dtype_of(kind))
    return np.array(values, dtype=dtype_of(kind))  # None becomes NaN in float64, and stays None in an object array


def records_of(signature: Signature, rows: Rows) -> Sequence[Record]:
    """Return rows one by one, as they are decoded from a request: false, 3, 3.5, "text", microseconds, or None."""
    if rows.records is not None:
        return rows.records
    columns = [_cells(column.kind, values) for column, values in zip(signature.columns, rows.columns, strict=True)]
    return list(zip(*columns, strict=True))


def _cells(kind: Kind, values: NDArray[Any]) -> list[Cell]:
    if kind is Kind.DATETIME:
        return [None if np.isnat(value) else int(value.astype(np.int64)) for value in values]
    if kind in {Kind.CATEGORY, Kind.TEXT}:
        return list(values)
    cast: Callable[[float], Cell] = {Kind.BOOLEAN: bool, Kind.INTEGER: int}.get(kind, float)
    return [
        None if math.isnan(value) else (cast(value) if math.isfinite(value) else value) for value in values.tolist()
    ]


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
        raise invalid_input(problems)
    return Rows(columns)


def invalid_input(problems: Iterable[FieldProblem]) -> InvalidInput:
    """Return the error that lists problems from the first row to the last, at most MAX_PROBLEMS of them."""
    return InvalidInput(sorted(problems, key=lambda problem: problem.row)[:MAX_PROBLEMS])


def count_unseen(signature: Signature, rows: Rows) -> int:
    """Count the category values in ``rows`` that training did not meet.

    A column whose categories nobody wrote down (a model published without them) counts none.
    """
    known = signature.known_categories
    if not known:
        return 0
    if rows.records is not None:
        return sum(_is_unseen(record[index], met) for record in rows.records for index, met in known)
    return sum(_is_unseen(value, met) for index, met in known for value in rows.columns[index])


def _is_unseen(value: object, met: frozenset[str]) -> bool:
    return value is not None and value not in met


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
    return FieldProblem(row=row, field=name, got="nothing", expected=expected_of(column))


def _unknown(signature: Signature, row: int, name: object) -> FieldProblem:
    known = ", ".join(signature.names[:20])
    return FieldProblem(row=row, field=printable(str(name)[:60]), got="an unknown field", expected=f"one of: {known}")


def _encode_column(column: Column, values: Iterable[object], problems: list[FieldProblem]) -> NDArray[Any]:
    encoded: list[object] = []
    refused: list[FieldProblem] = []
    for row, value in enumerate(values):
        if value is _ABSENT:
            continue
        try:
            encoded.append(encode_value(column, value))
        except Refused as refusal:
            expected = str(refusal) or expected_of(column)
            refused.append(FieldProblem(row=row, field=column.name, got=shown(value), expected=expected))
            if len(refused) >= MAX_PROBLEMS:
                break
    if refused:
        problems.extend(refused)
        return np.empty(0, dtype=dtype_of(column.kind))
    array: NDArray[Any] = np.array(encoded, dtype=dtype_of(column.kind))
    return array
