"""Tables without column types: numpy arrays, lists of strings, lists of dictionaries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from carafe.errors import UnsupportedModel
from carafe.models.container import ColumnType, Container, Shape
from carafe.models.containers.objects import numbers, objects
from carafe.models.containers.observed import (
    Observed,
    ObservedColumn,
    observe_datetimes,
    observe_numbers,
    observe_objects,
    observe_strings,
)
from carafe.schema import Column, Kind, Rows, Signature


def build(container: Container, signature: Signature, rows: Rows) -> NDArray[Any] | list[dict[str, object]]:
    """Return an array of shape (n, k); texts of shape (n,); or one dictionary a row, its nulls left out."""
    if container.shape is Shape.TEXTS:
        return rows.columns[0]
    if container.shape is Shape.RECORDS:
        return _records(container, signature, rows)
    dtype = container.columns[0].dtype
    pairs = zip(signature.columns, rows.columns, strict=True)
    if np.dtype(dtype).kind in "fiub":
        return np.column_stack([numbers(column, values) for column, values in pairs]).astype(dtype)
    if np.dtype(dtype).kind == "M":
        return np.column_stack(rows.columns).astype(dtype)
    types = container.columns * (1 if len(container.columns) > 1 else len(signature.columns))
    columns = [objects(column, type_, values) for (column, values), type_ in zip(pairs, types, strict=True)]
    return np.column_stack(columns).astype(dtype)


def observe_array(sample: NDArray[Any], names: Sequence[str] | None = None) -> Observed:
    """Look at an array of shape (n, k); its columns are called x1, x2, ... where they have no names.

    Raises:
        UnsupportedModel: when it has another number of dimensions, or no columns.
    """
    if sample.ndim != 2 or 0 in sample.shape:
        raise UnsupportedModel(
            f"sample: got an array of shape {sample.shape}, expected (rows, columns), at least (1, 1)"
        )
    names = names or [f"x{index}" for index in range(1, sample.shape[1] + 1)]
    seen = [_observe_column(name, sample[:, index]) for index, name in enumerate(names)]
    return _observed(Shape.ARRAY, seen, sample)


def observe_texts(sample: Sequence[object], name: str = "text") -> Observed:
    """Look at one string a row.

    Raises:
        UnsupportedModel: when something else is among them.
    """
    wrong = next((value for value in sample if not isinstance(value, str)), None)
    if wrong is not None or not len(sample):
        raise UnsupportedModel(
            f"sample: got one value a row, {type(wrong).__name__} among them, expected strings, or a table with "
            "rows and columns (for one column of numbers: X.reshape(-1, 1))"
        )
    texts = np.array(sample, dtype=object)
    column = Column(name=name, kind=Kind.TEXT, example=str(texts[0])[:100])
    container = Container(shape=Shape.TEXTS, columns=(ColumnType(dtype="object"),))
    return Observed(columns=(column,), container=container, rows=Rows((texts,)), native=texts)


def observe_records(sample: Sequence[Mapping[str, object]]) -> Observed:
    """Look at dictionaries, for an estimator that takes them as they are; a key that is left out is a missing value."""
    names = list(dict.fromkeys(str(name) for record in sample for name in record))
    seen = [observe_objects(name, [record.get(name) for record in sample], dtype="object") for name in names]
    return _observed(Shape.RECORDS, seen, list(sample))


def _observed(shape: Shape, seen: Sequence[ObservedColumn], native: object) -> Observed:
    types = tuple(one.type for one in seen)
    same = types[:1] if len(set(types)) == 1 and shape is Shape.ARRAY else types
    return Observed(
        columns=tuple(one.column for one in seen),
        container=Container(shape=shape, columns=same),
        rows=Rows(tuple(one.values for one in seen)),
        native=native,
    )


def _observe_column(name: str, values: NDArray[Any]) -> ObservedColumn:
    dtype = values.dtype
    if dtype.kind in "fiu":
        # Whole numbers in an array are seldom meant as such; kept as integers, a client's 2.5 would be cut to 2.
        kept = str(dtype) if dtype.kind == "f" else "float64"
        return observe_numbers(name, values, dtype=kept, kind=Kind.NUMBER)
    if dtype.kind == "b":
        return observe_numbers(name, values, dtype="bool", kind=Kind.BOOLEAN)
    if dtype.kind == "M":
        return observe_datetimes(name, values, dtype=str(dtype))
    if dtype.kind == "U":
        return observe_strings(name, values.tolist(), type_=ColumnType(dtype="str"))
    if dtype.kind == "O":
        return observe_objects(name, list(values), dtype="object")
    raise UnsupportedModel(f"sample: got an array of {dtype}, expected numbers, booleans, strings or dates")


def _records(container: Container, signature: Signature, rows: Rows) -> list[dict[str, object]]:
    triples = zip(signature.columns, container.columns, rows.columns, strict=True)
    columns = [objects(column, type_, values) for column, type_, values in triples]
    return [
        {name: value for name, value in zip(signature.names, row, strict=True) if value is not None and value == value}  # noqa: PLR0124 - NaN
        for row in zip(*columns, strict=True)
    ]
