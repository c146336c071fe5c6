"""Rows that fit a signature, column by column, and the strict encoding of plain records into them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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
        raise invalid_input(problems)
    return Rows(columns)


def invalid_input(problems: Iterable[FieldProblem]) -> InvalidInput:
    """Return the error that lists problems from the first row to the last, at most MAX_PROBLEMS of them."""
    return InvalidInput(sorted(problems, key=lambda problem: problem.row)[:MAX_PROBLEMS])


def count_unseen(signature: Signature, rows: Rows) -> int:
    """Count the category values in ``rows`` that training did not meet.

    A column whose categories nobody wrote down (a model published without them) counts none.
    """
    unseen = 0
    for column, values in zip(signature.columns, rows.columns, strict=True):
        known = known_categories(column)
        if known is not None:
            unseen += sum(value is not None and value not in known for value in values)
    return unseen


def known_categories(column: Column) -> frozenset[str] | None:
    """Return the categories that training met as Rows hold them; None where it is no category or nobody wrote them."""
    if column.kind is not Kind.CATEGORY or not column.categories:
        return None
    return frozenset(map(str, column.categories))


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
