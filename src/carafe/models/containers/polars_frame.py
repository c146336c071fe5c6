"""Polars frames: Carafe's own convention, or the types that a user's estimator was fitted on."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from carafe.errors import UnsupportedModel
from carafe.models.container import ColumnType, Container, Shape
from carafe.models.containers.objects import numbers, objects
from carafe.models.containers.observed import (
    Observed,
    ObservedColumn,
    observe_datetimes,
    observe_numbers,
    observe_strings,
)
from carafe.models.frames import polars_frame
from carafe.schema import Column, Kind, Rows, Signature

_NUMBERS: dict[str, pl.DataType] = {
    str(dtype()): dtype()
    for dtype in (
        pl.Float32,
        pl.Float64,
        pl.Int8,
        pl.Int16,
        pl.Int32,
        pl.Int64,
        pl.UInt8,
        pl.UInt16,
        pl.UInt32,
        pl.UInt64,
        pl.Boolean,
    )
}


def build(container: Container, signature: Signature, rows: Rows) -> pl.DataFrame:
    """Return the frame: Carafe's own convention where the container has no columns, else the user's types."""
    if not container.columns:
        return polars_frame(signature, rows)
    triples = zip(signature.columns, container.columns, rows.columns, strict=True)
    return pl.DataFrame([_series(column, type_, values) for column, type_, values in triples])


def observe(sample: pl.DataFrame) -> Observed:
    """Look at a frame.

    Raises:
        UnsupportedModel: when a column is of a type that a request can't hold (a list, a duration, a decimal).
    """
    seen = [_observe(series) for series in sample]
    return Observed(
        columns=tuple(one.column for one in seen),
        container=Container(shape=Shape.POLARS, columns=tuple(one.type for one in seen)),
        rows=Rows(tuple(one.values for one in seen)),
        native=sample,
    )


def _observe(series: pl.Series) -> ObservedColumn:
    dtype, name = series.dtype, series.name
    if str(dtype) in _NUMBERS:
        kind = Kind.BOOLEAN if dtype == pl.Boolean else Kind.INTEGER if dtype.is_integer() else Kind.NUMBER
        return observe_numbers(name, series.cast(pl.Float64).to_numpy(), dtype=str(dtype), kind=kind)
    if dtype in (pl.String, pl.Categorical, pl.Enum):
        known = tuple(dtype.categories.to_list()) if isinstance(dtype, pl.Enum) else ()
        kept = ColumnType(dtype=str(dtype.base_type()), categories=known, none=True)
        return observe_strings(name, series.cast(pl.String).to_list(), type_=kept)
    if dtype in (pl.Date, pl.Datetime):
        moments = series.cast(pl.Datetime("us")).to_numpy()
        return observe_datetimes(name, moments, dtype=_named(dtype))
    raise UnsupportedModel(f"column {name!r}: got {dtype}, expected numbers, booleans, strings or dates")


def _named(dtype: pl.DataType) -> str:
    return (
        "Date" if not isinstance(dtype, pl.Datetime) else f"Datetime {dtype.time_unit} {dtype.time_zone or ''}".strip()
    )


def _series(column: Column, type_: ColumnType, values: NDArray[Any]) -> pl.Series:
    if type_.dtype in _NUMBERS:
        floats, kept = pl.Series(column.name, numbers(column, values), dtype=pl.Float64), _NUMBERS[type_.dtype]
        return (floats if kept.is_float() else floats.fill_nan(None)).cast(kept)
    if column.kind is Kind.DATETIME:
        return _moments(column.name, type_.dtype, values)
    listed = objects(column, type_, values).tolist()
    if not type_.categories:
        return pl.Series(column.name, listed, dtype=pl.Categorical if type_.dtype == "Categorical" else pl.String)
    known = set(type_.categories)
    met = [value if value in known else None for value in listed]
    return pl.Series(column.name, met, dtype=pl.Enum(list(map(str, type_.categories))))


def _moments(name: str, dtype: str, values: NDArray[np.datetime64]) -> pl.Series:
    series = pl.Series(name, values.astype("datetime64[us]"), dtype=pl.Datetime("us"))
    if dtype == "Date":
        return series.cast(pl.Date)
    _, unit, *zone = dtype.split(" ")
    moments = series.cast(pl.Datetime(unit))  # type: ignore[arg-type]
    return moments.dt.replace_time_zone("UTC").dt.convert_time_zone(zone[0]) if zone else moments


def frame_of(rows: Any, names: list[str]) -> pl.DataFrame:  # noqa: ANN401 - an array or a list of lists
    """Return a frame of rows, each a sequence of values in the order of ``names``; whole numbers become floats."""
    frame = pl.DataFrame(rows, schema=names, orient="row", infer_schema_length=None)
    return frame.with_columns(pl.selectors.integer().cast(pl.Float64))
