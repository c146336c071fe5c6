"""Columns of Parquet and Arrow: the type vouches for most values, and rules out most columns before any is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from carafe.errors import FieldProblem
from carafe.jobs.scoring.encode.column import Encoded, settle
from carafe.jobs.scoring.encode.moments import read_moments
from carafe.schema import Column, Kind
from carafe.schema.values import EXACT_INTEGER, expected_of

_Part = tuple[NDArray[Any], NDArray[np.bool_]]


def misfit(column: Column, dtype: pl.DataType) -> FieldProblem | None:
    """Return the problem of a column that can't hold a single fitting value; None where it can."""
    if dtype == pl.Null or _fits(column, dtype):
        return None
    return FieldProblem(row=0, field=column.name, got=f"a column of {dtype}", expected=expected_of(column))


def encode_typed(column: Column, values: pl.Series) -> Encoded:
    """Return the column, as ``rows_from_frame`` takes it; its type must not be a misfit.

    A decimal number is taken as the double nearest to it.
    """
    array, doubtful = _ENCODERS[column.kind](column, values)
    if column.nullable:
        doubtful &= ~values.is_null().to_numpy()
    return settle(column, array, np.flatnonzero(doubtful), lambda row: values[int(row)])


def _numbers(column: Column, values: pl.Series) -> _Part:
    numbers = values.cast(pl.Float64).to_numpy(writable=True)
    if values.dtype.is_decimal():
        return numbers, np.isnan(numbers)
    largest = np.inf if values.dtype.is_float() and column.kind is Kind.NUMBER else EXACT_INTEGER
    doubtful = ~(np.abs(numbers) < largest)
    if column.kind is Kind.INTEGER:
        doubtful |= numbers != np.rint(numbers)
    return numbers, doubtful


def _truths(_column: Column, values: pl.Series) -> _Part:
    truths = values.cast(pl.Float64).to_numpy(writable=True)
    return truths, np.isnan(truths)


def _strings(_column: Column, values: pl.Series) -> _Part:
    if values.dtype.is_float():
        return _numbered(values)
    return np.array(values.cast(pl.String).to_list(), dtype=object), values.is_null().to_numpy(writable=True)


def _numbered(values: pl.Series) -> _Part:
    """Take whole numbers for the categories they are, as floats hold them beside missing values."""
    numbers = values.cast(pl.Float64).to_numpy()
    doubtful = ~(np.abs(numbers) <= EXACT_INTEGER) | (numbers != np.rint(numbers))
    whole = values.cast(pl.Int64, strict=False).cast(pl.String).to_list()
    array = np.array(whole, dtype=object)
    array[doubtful] = None
    return array, doubtful


def _moments(_column: Column, values: pl.Series) -> _Part:
    if values.dtype == pl.String:
        return read_moments(values)
    if isinstance(values.dtype, pl.Datetime) and values.dtype.time_zone:
        values = values.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    moments = values.cast(pl.Datetime("us"))
    return moments.to_numpy(writable=True).astype("datetime64[us]"), values.is_null().to_numpy(writable=True)


_ENCODERS: dict[Kind, Callable[[Column, pl.Series], _Part]] = {
    Kind.NUMBER: _numbers,
    Kind.INTEGER: _numbers,
    Kind.BOOLEAN: _truths,
    Kind.CATEGORY: _strings,
    Kind.TEXT: _strings,
    Kind.DATETIME: _moments,
}


def _is_string(dtype: pl.DataType) -> bool:
    return dtype == pl.String or isinstance(dtype, (pl.Categorical, pl.Enum))


def _fits(column: Column, dtype: pl.DataType) -> bool:
    if column.kind is Kind.NUMBER:
        return dtype.is_numeric()
    if column.kind is Kind.INTEGER:
        return dtype.is_integer() or dtype.is_float()
    if column.kind is Kind.BOOLEAN:
        return dtype == pl.Boolean
    if column.kind is Kind.DATETIME:
        return dtype == pl.String or isinstance(dtype, (pl.Date, pl.Datetime))
    return _is_string(dtype) or (column.is_numbered and (dtype.is_integer() or dtype.is_float()))
