"""Columns of text in the types that the model saw."""

from __future__ import annotations

from typing import Any

import polars as pl
from numpy.typing import NDArray

from carafe.jobs.scoring.batch import Batch
from carafe.schema import Kind, Signature

_DTYPES: dict[Kind, pl.DataType] = {
    Kind.NUMBER: pl.Float64(),
    Kind.INTEGER: pl.Int64(),
    Kind.BOOLEAN: pl.Boolean(),
    Kind.CATEGORY: pl.String(),
    Kind.TEXT: pl.String(),
    Kind.DATETIME: pl.Datetime("us"),
}


def typed_table(batch: Batch, signature: Signature) -> pl.DataFrame:
    """Return the batch's table with the signature's columns in types; the others stay strings."""
    position = signature.position
    return pl.DataFrame(
        [
            _series(name, signature.columns[position[name]].kind, batch.rows.columns[position[name]])
            if name in position
            else batch.table[name]
            for name in batch.table.columns
        ]
    )


def _series(name: str, kind: Kind, values: NDArray[Any]) -> pl.Series:
    if kind in {Kind.CATEGORY, Kind.TEXT}:
        return pl.Series(name, values.tolist(), dtype=pl.String)
    if kind is Kind.DATETIME:
        return pl.Series(name, values, dtype=pl.Datetime("us"))
    return pl.Series(name, values, dtype=pl.Float64).fill_nan(None).cast(_DTYPES[kind])
