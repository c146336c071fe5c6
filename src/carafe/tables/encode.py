"""A frame as the rows of a signature: as strict as the encoding of records, a column at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from carafe.errors import FieldProblem, InvalidInput
from carafe.schema import Column, Kind, Rows, Signature
from carafe.schema.rows import encode_records, invalid_input
from carafe.schema.values import EXACT_INTEGER
from carafe.tables.frames import polars_table


def rows_from_frame(signature: Signature, frame: object) -> Rows:
    """Return a polars, pandas or pyarrow frame's rows, its columns found by name in any order.

    The same values are taken and refused as ``encode_records`` takes and refuses: numbers, not their text (see
    ``cast_to_signature`` for that).

    Raises:
        InvalidInput: for missing, unknown and ill-typed columns, and for a frame without rows.
        UnreadableTable: when ``frame`` is no frame.
    """
    table = polars_table(frame)
    _check_names(signature, table.columns)
    if not table.height:
        raise InvalidInput([FieldProblem(row=0, field="", got="no rows", expected="at least one row")])
    problems: list[FieldProblem] = []
    arrays = tuple(_encode(column, signature, table[column.name], problems) for column in signature.columns)
    if problems:
        raise invalid_input(problems)
    return Rows(arrays)


def _check_names(signature: Signature, names: Sequence[str]) -> None:
    known = ", ".join(signature.names[:20])
    given = set(names)
    problems = [
        FieldProblem(row=0, field=column.name, got="no such column", expected=f"a column of kind {column.kind}")
        for column in signature.columns
        if column.name not in given
    ]
    problems += [
        FieldProblem(row=0, field=name[:60], got="an unknown column", expected=f"one of: {known}")
        for name in names
        if name not in signature.position
    ]
    if problems:
        raise invalid_input(problems)


def _encode(column: Column, signature: Signature, values: pl.Series, problems: list[FieldProblem]) -> NDArray[Any]:
    """Encode a column at once where its type vouches for every value; one by one, for their problems, elsewhere."""
    encoded = _ENCODERS[column.kind](column, values)
    if encoded is not None:
        return encoded
    alone = Signature(columns=(column,), target=signature.target)
    try:
        return encode_records(alone, [(value,) for value in values.to_list()]).columns[0]
    except InvalidInput as error:
        problems.extend(error.problems)
        return np.empty(0)


def _number(column: Column, values: pl.Series) -> NDArray[Any] | None:
    if not values.dtype.is_integer() and not values.dtype.is_float():
        return None
    numbers: NDArray[np.float64] = values.cast(pl.Float64).to_numpy()
    if values.dtype.is_integer() and (np.abs(numbers) >= EXACT_INTEGER).any():
        return None  # some of these a double does not hold exactly
    if np.isinf(numbers).any() or (not column.nullable and np.isnan(numbers).any()):
        return None
    return numbers


def _integer(column: Column, values: pl.Series) -> NDArray[Any] | None:
    numbers = _number(column, values)
    if numbers is None or (np.abs(numbers) >= EXACT_INTEGER).any() or (numbers % 1 > 0).any():
        return None
    return numbers


def _boolean(column: Column, values: pl.Series) -> NDArray[Any] | None:
    if values.dtype != pl.Boolean:
        return None
    return _number(column, values.cast(pl.Int8))


def _string(column: Column, values: pl.Series) -> NDArray[Any] | None:
    if isinstance(values.dtype, (pl.Categorical, pl.Enum)):
        values = values.cast(pl.String)
    if values.dtype != pl.String or (values.null_count() and not column.nullable):
        return None
    return np.array(values.to_list(), dtype=object)


def _datetime(column: Column, values: pl.Series) -> NDArray[Any] | None:
    if not isinstance(values.dtype, (pl.Date, pl.Datetime)) or (values.null_count() and not column.nullable):
        return None
    if isinstance(values.dtype, pl.Datetime) and values.dtype.time_zone:
        values = values.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return values.cast(pl.Datetime("us")).to_numpy().astype("datetime64[us]")


_ENCODERS: dict[Kind, Callable[[Column, pl.Series], NDArray[Any] | None]] = {
    Kind.NUMBER: _number,
    Kind.INTEGER: _integer,
    Kind.BOOLEAN: _boolean,
    Kind.CATEGORY: _string,
    Kind.TEXT: _string,
    Kind.DATETIME: _datetime,
}
