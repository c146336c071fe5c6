"""Whatever a Python user calls rows, as the rows of a signature."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from carafe.errors import FieldProblem, InvalidInput, MissingExtra
from carafe.schema import Kind, Rows, Signature
from carafe.schema.rows import encode_records
from carafe.schema.values import shown


def rows_of(signature: Signature, rows: Any) -> Rows:  # noqa: ANN401 - see below
    """Return rows that fit the signature.

    Args:
        signature: the model's.
        rows: a polars or pandas frame with the signature's columns in any order; an array of shape (n, columns) in
            signature order; a list of dictionaries or of lists; one dictionary, or one flat list in signature order.
            For a model of one column a flat list holds n rows.

    Raises:
        InvalidInput: when they do not fit; names every field, what came and what was expected.
    """
    if isinstance(rows, Mapping):
        return encode_records(signature, [rows])
    if isinstance(rows, np.ndarray):
        return encode_records(signature, _records(signature, rows))
    if hasattr(rows, "columns"):
        return _from_frame(signature, rows)
    if hasattr(rows, "to_numpy"):  # one column of a frame
        return _from_list(signature, list(rows))
    if isinstance(rows, Sequence) and not isinstance(rows, (str, bytes)):
        return _from_list(signature, rows)
    expected = "a frame, an array, a list of records, or one record"
    raise InvalidInput([FieldProblem(row=0, field="", got=shown(rows), expected=expected)])


def _from_list(signature: Signature, rows: Sequence[Any]) -> Rows:
    flat = bool(rows) and not isinstance(rows[0], (Mapping, list, tuple, np.ndarray))
    if not flat:
        return encode_records(signature, [row.tolist() if isinstance(row, np.ndarray) else row for row in rows])
    return encode_records(signature, [[value] for value in rows] if len(signature.columns) == 1 else [list(rows)])


def _from_frame(signature: Signature, frame: object) -> Rows:
    try:
        from carafe.tables.encode import rows_from_frame  # noqa: PLC0415 - a loaded model may not need polars
    except ModuleNotFoundError as error:
        raise MissingExtra.of("a frame", error) from error
    return rows_from_frame(signature, frame)


def _records(signature: Signature, array: NDArray[Any]) -> list[list[Any]]:
    """Return an array's rows as lists; among numbers a boolean is 0 or 1, an integer category a whole number."""
    if array.ndim == 1:
        array = array.reshape(-1, 1) if len(signature.columns) == 1 else array.reshape(1, -1)
    if array.ndim != 2:
        expected = f"an array of shape (n, {len(signature.columns)})"
        raise InvalidInput([FieldProblem(row=0, field="", got=f"an array of shape {array.shape}", expected=expected)])
    if array.dtype.kind not in "fiu" or array.shape[1] != len(signature.columns):
        return array.tolist()  # type: ignore[no-any-return]
    columns = [
        [_typed(column.kind, value) for value in values.tolist()]
        for column, values in zip(signature.columns, array.T, strict=True)
    ]
    return list(map(list, zip(*columns, strict=True)))


def _typed(kind: Kind, value: float) -> float | bool:
    if kind is Kind.BOOLEAN and value in (0, 1):
        return bool(value)
    return int(value) if kind is Kind.CATEGORY and float(value).is_integer() else value
