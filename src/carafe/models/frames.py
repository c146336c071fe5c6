"""Rows as the polars frame that every pipeline is fed with, in training and in serving alike."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from carafe.schema import Column, Kind, Rows, Signature


def polars_frame(signature: Signature, rows: Rows) -> pl.DataFrame:
    """Return ``rows`` as a frame with one column a signature column, in signature order.

    Numbers, integers and booleans are Float64 with NaN for a missing value, which is what scikit-learn's steps take;
    categories and texts are String, date-times Datetime("us"), both with null for a missing value. Training and
    serving both come through here, so a pipeline never meets a dtype it was not fitted on.
    """
    return pl.DataFrame(
        [_series(column, values) for column, values in zip(signature.columns, rows.columns, strict=True)]
    )


def _series(column: Column, values: NDArray[Any]) -> pl.Series:
    if column.kind in {Kind.CATEGORY, Kind.TEXT}:
        return pl.Series(column.name, values.tolist(), dtype=pl.String)
    if column.kind is Kind.DATETIME:
        return pl.Series(column.name, values.astype("datetime64[us]"), dtype=pl.Datetime("us"))
    return pl.Series(column.name, values.astype(np.float64), dtype=pl.Float64)
