"""From a column of rows back to Python values, for tables that hold objects."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from carafe.models.container import ColumnType
from carafe.schema import Column, Kind


def objects(column: Column, type_: ColumnType, values: NDArray[Any]) -> NDArray[np.object_]:
    """Return an object array of str, int, float, bool or datetime, with the missing value that the sample had."""
    missing = None if type_.none else math.nan
    listed = _plain(column, values)
    array = np.empty(len(listed), dtype=object)
    array[:] = [missing if value is None else value for value in listed]
    return array


def whole_number(text: str) -> int:
    """Return the integer category that a client named in a string.

    Raises:
        ValueError: when it is none, or written in another way: "03" was never met where 3 was.
    """
    number = int(text)
    if str(number) != text:
        raise ValueError(f"{text!r} is no whole number as JSON writes it")
    return number


def numbers(column: Column, values: NDArray[Any]) -> NDArray[np.float64]:
    """Return a column as float64; integer categories, which rows hold as strings, become numbers again."""
    if column.kind is Kind.CATEGORY:
        return np.array([math.nan if value is None else whole_number(value) for value in values], dtype=np.float64)
    return values.astype(np.float64)


def _plain(column: Column, values: NDArray[Any]) -> list[Any]:
    if column.kind is Kind.DATETIME:
        return [None if np.isnat(value) else value.item() for value in values]
    if column.kind in {Kind.CATEGORY, Kind.TEXT}:
        if column.categories and all(isinstance(category, int) for category in column.categories):
            return [None if value is None else whole_number(value) for value in values]
        return list(values)
    cast = {Kind.INTEGER: int, Kind.BOOLEAN: bool}.get(column.kind, float)
    return [None if math.isnan(value) else cast(value) for value in values.tolist()]
