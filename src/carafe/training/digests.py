"""Digests of tables: equal for equal rows as they were read, whatever a recipe makes of their columns."""

from __future__ import annotations

import hashlib

import polars as pl

_NO_CSV = (pl.Object, pl.Binary)


def table_digest(frame: pl.DataFrame) -> str:
    """Return the SHA-256, hexadecimal, of a table's column names, types and values in their order."""
    digest = hashlib.sha256()
    for column in frame.iter_columns():
        digest.update(f"{column.name}\x00{column.dtype}\x00{len(column)}\x00".encode())
        values = _as_text(column) if column.dtype.is_nested() or column.dtype in _NO_CSV else column
        digest.update(pl.DataFrame({"": values}).write_csv(quote_style="non_numeric").encode())
    return digest.hexdigest()


def _as_text(column: pl.Series) -> pl.Series:
    return pl.Series([None if value is None else repr(value) for value in column.to_list()], dtype=pl.String)
