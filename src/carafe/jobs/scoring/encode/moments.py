"""Moments written as text, many at a time."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

_MOMENT = r"^\d{4}-(?:0[1-9]|1[0-2])-[0-3]\d(?:[T ](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{3}(?:\d{3})?)?Z?)?$"
"""The ways to write a moment in UTC that polars and Python read alike, where there is such a day."""


def read_moments(texts: pl.Series) -> tuple[NDArray[np.datetime64], NDArray[np.bool_]]:
    """Return ISO 8601 texts as datetime64[us], and which of them must be read one by one."""
    plain = texts.set(~texts.str.contains(_MOMENT).fill_null(value=False), None)
    bare = plain.str.replace("T", " ", literal=True).str.strip_suffix("Z")
    days = (bare.str.len_bytes() == 10).fill_null(value=False)
    moments = (
        (bare + " 00:00:00").zip_with(days, bare).str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us", strict=False)
    )
    doubtful = moments.is_null() | (moments.dt.year() < 1).fill_null(value=True)
    return moments.to_numpy(writable=True).astype("datetime64[us]"), doubtful.to_numpy(writable=True)
