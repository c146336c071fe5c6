"""Pandas frames, for estimators that were fitted on one; pandas is imported only then."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
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


def build(container: Container, signature: Signature, rows: Rows) -> pd.DataFrame:
    """Return the frame with the types that the container names; a missing integer or boolean makes its column float."""
    triples = zip(signature.columns, container.columns, rows.columns, strict=True)
    return pd.DataFrame({column.name: _series(column, type_, values) for column, type_, values in triples})


def observe(sample: pd.DataFrame) -> Observed:
    """Look at a frame.

    Raises:
        UnsupportedModel: when a column is of a type that a request can't hold (a period, a duration, complex numbers).
    """
    seen = [_observe(str(name), sample[name]) for name in sample.columns]
    return Observed(
        columns=tuple(one.column for one in seen),
        container=Container(shape=Shape.PANDAS, columns=tuple(one.type for one in seen)),
        rows=Rows(tuple(one.values for one in seen)),
        native=sample,
    )


def _observe(name: str, series: pd.Series) -> ObservedColumn:
    kinds, dtype = pd.api.types, str(series.dtype)
    if isinstance(series.dtype, pd.CategoricalDtype):
        return _observe_categories(name, series)
    if kinds.is_bool_dtype(series.dtype) or kinds.is_integer_dtype(series.dtype) or kinds.is_float_dtype(series.dtype):
        kind = Kind.NUMBER
        if not kinds.is_float_dtype(series.dtype):
            kind = Kind.BOOLEAN if kinds.is_bool_dtype(series.dtype) else Kind.INTEGER
        return observe_numbers(name, series.to_numpy(dtype=np.float64, na_value=np.nan), dtype=dtype, kind=kind)
    if kinds.is_datetime64_any_dtype(series.dtype):
        moments = series if series.dt.tz is None else series.dt.tz_convert("UTC").dt.tz_localize(None)
        return observe_datetimes(name, moments.to_numpy(dtype="datetime64[us]"), dtype=dtype)
    if kinds.is_string_dtype(series.dtype) or kinds.is_object_dtype(series.dtype):
        return observe_objects(name, series.tolist(), dtype=dtype)
    raise UnsupportedModel(f"column {name!r}: got {dtype}, expected numbers, booleans, strings, categories or dates")


def _observe_categories(name: str, series: pd.Series) -> ObservedColumn:
    categories = series.cat.categories.tolist()
    if not all(isinstance(value, (str, int, float, bool)) for value in categories):
        raise UnsupportedModel(f"column {name!r}: got categories of another type than strings, numbers and booleans")
    type_ = ColumnType(dtype="category", categories=tuple(categories), ordered=bool(series.cat.ordered))
    codes = series.cat.codes.tolist()
    return observe_strings(name, [None if code < 0 else str(categories[code]) for code in codes], type_=type_)


def _series(column: Column, type_: ColumnType, values: NDArray[Any]) -> pd.Series:
    if type_.dtype == "category":
        position = {str(category): index for index, category in enumerate(type_.categories)}
        codes = [-1 if value is None else position.get(value, -1) for value in values]
        dtype = pd.CategoricalDtype(list(type_.categories), ordered=type_.ordered)
        return pd.Series(pd.Categorical.from_codes(codes, dtype=dtype))
    if column.kind is Kind.DATETIME and type_.dtype != "object":
        return _moments(type_.dtype, values)
    kept = pd.api.types.pandas_dtype(type_.dtype)
    if type_.dtype == "object" or pd.api.types.is_string_dtype(kept):
        return pd.Series(objects(column, type_, values), dtype=type_.dtype)
    floats = numbers(column, values)
    missing = np.isnan(floats)
    if isinstance(kept, np.dtype):
        return pd.Series(floats if kept.kind != "f" and missing.any() else floats.astype(kept))
    return pd.Series(pd.array(floats, dtype="Float64")).mask(missing).astype(kept)


def _moments(dtype: str, values: NDArray[Any]) -> pd.Series:
    series = pd.Series(values.astype("datetime64[us]"))
    return series.astype(dtype) if "," not in dtype else series.dt.tz_localize("UTC").astype(dtype)


def frame_of(rows: Any, names: list[str]) -> pd.DataFrame:  # noqa: ANN401 - an array or a list of lists
    """Return a frame of rows, each a sequence of values in the order of ``names``; whole numbers become floats."""
    frame = pd.DataFrame(rows, columns=names).infer_objects()
    return frame.astype({name: np.float64 for name in names if pd.api.types.is_integer_dtype(frame[name].dtype)})
