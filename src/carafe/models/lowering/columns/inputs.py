"""What a container's table holds for each column of the signature, before any step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, get_args

import numpy as np

from carafe.models.container import ColumnType, Container, Shape
from carafe.models.containers import build_table
from carafe.models.lowering.columns.values import Domain, Draft, Factor, Moment, Number, Value
from carafe.models.lowering.plan import Check, Impute, Input, IntegerName, Single, Wrap
from carafe.models.lowering.refusal import NotLowered
from carafe.schema import Column, Kind, Rows, Signature

NUMBERS = frozenset({Kind.NUMBER, Kind.INTEGER, Kind.BOOLEAN})
"""The kinds that a row holds as numbers."""

UNKNOWN = "\x00a value that nobody has met"
"""Stands for every string that is none of a column's keys."""

_FLOAT64 = frozenset(
    {"float64", "Float64", "int64", "Int64", "bool", "boolean", "Boolean", "object", "double[pyarrow]"}
)
_FLOAT32 = frozenset({"float32", "Float32"})
_MICROSECONDS = frozenset({"datetime64[us]", "Datetime us"})


def followed(signature: Signature, container: Container, draft: Draft) -> list[Value]:
    """Return the columns as the container's table holds them.

    Raises:
        NotLowered: when the table is none of columns, or some column's type is not followed.
    """
    if container.shape is Shape.RECORDS:
        raise NotLowered(f"a model of {container.shape} takes no table of columns")
    types: Sequence[ColumnType | None] = container.columns or (None,)
    return [
        _value(index, column, types[min(index, len(types) - 1)], container, signature, draft)
        for index, column in enumerate(signature.columns)
    ]


def input_of(column: Column) -> Input:
    """Return a column as a plan knows it."""
    return Input(name=column.name, kind=column.kind, nullable=column.nullable)


def _value(
    index: int, column: Column, type_: ColumnType | None, container: Container, signature: Signature, draft: Draft
) -> Value:
    if column.kind in NUMBERS:
        return _number(index, column, type_, container.shape, draft)
    if column.kind is Kind.DATETIME:
        if type_ is not None and type_.dtype not in _MICROSECONDS:
            raise NotLowered(f"column {column.name!r} holds date-times as {type_.dtype}")
        return Moment(slot=index, known=not column.nullable)
    return _factor(index, column, type_, container, signature)


def _number(index: int, column: Column, type_: ColumnType | None, shape: Shape, draft: Draft) -> Number:
    number = Number(slot=index, known=not column.nullable)
    if type_ is None or type_.dtype in _FLOAT64:
        if type_ is not None and type_.dtype == "bool" and shape is Shape.ARRAY and column.nullable:
            return replace(number, slot=draft.add(Impute(slot=index, fill=1.0)), known=True)  # NaN as a bool is True
        return number
    if type_.dtype in _FLOAT32:
        # scikit-learn makes double precision of a polars frame at once, and keeps the precision of the others.
        single = shape is not Shape.POLARS
        return replace(number, slot=draft.add(Single(slot=index)), finite=False, single=single)
    return _narrow(number, column.name, type_.dtype, draft)


def _narrow(number: Number, name: str, dtype: str, draft: Draft) -> Number:
    """Return a column of narrow integers: numpy's wrap around where a number is too large, the others refuse it."""
    known: IntegerName | None = next((each for each in get_args(IntegerName) if each == dtype.lower()), None)
    if known is None:
        raise NotLowered(f"column {name!r} holds {dtype}")
    if dtype == known:
        return replace(number, slot=draft.add(Wrap(slot=number.slot, dtype=known)), narrow=True)
    info = np.iinfo(known)
    op = Check(slot=number.slot, missing=True, low=float(info.min), high=float(min(info.max, 2**53)))
    return replace(number, slot=draft.add(op), narrow=True)


def _factor(index: int, column: Column, type_: ColumnType | None, container: Container, signature: Signature) -> Factor:
    named = type_ is not None and type_.dtype == "category"  # pandas: found by name, and any other string is unseen
    whole = bool(column.categories) and not named and all(isinstance(each, int) for each in column.categories)
    keys = tuple(dict.fromkeys(map(str, column.categories)))
    alone = Container(shape=container.shape, columns=() if type_ is None else (type_,))
    small = Signature(columns=(column,), target=signature.target)

    def read(values: Sequence[str | None]) -> list[Any]:
        array = np.empty(len(values), dtype=object)
        array[:] = list(values)
        return _listed(build_table(alone, small, Rows((array,))))

    unknown = str(_strange(keys)) if whole else UNKNOWN
    return Factor(
        domain=Domain(slot=index, name=column.name, keys=keys, whole=whole),
        values=(*(read(keys) if keys else ()), *read([None]), *read([unknown])),
        read=read,
        levels=type_.categories if type_ is not None and container.shape is Shape.PANDAS else (),
    )


def _strange(keys: Sequence[str]) -> int:
    """Return a whole number that is none of the keys."""
    return max((abs(int(key)) for key in keys), default=0) + 1


def _listed(table: Any) -> list[Any]:  # noqa: ANN401 - a table of one column
    """Return the values of a table's only column as scikit-learn sees them."""
    values = np.asarray(table, dtype=object).ravel().tolist()
    return [math.nan if type(value).__name__ == "NAType" else value for value in values]
