"""Rows of one signature as rows of another: what one version was asked, put before a second one."""

from __future__ import annotations

import numpy as np

from carafe.schema.rows import Cell, Rows, encode_records, records_of
from carafe.schema.signature import Column, Kind, Signature


def refitted(rows: Rows, *, given: Signature, wanted: Signature) -> Rows:
    """Return rows that fit ``given`` as rows that fit ``wanted``, column by column by name.

    Columns that only ``given`` has are left out.

    Raises:
        InvalidInput: when a column is not there, or a value is none that ``wanted`` takes; names every one.
    """
    if len(given.columns) == len(wanted.columns) and all(map(_takes, given.columns, wanted.columns)):
        return rows
    kept = [(index, column) for index, column in enumerate(given.columns) if column.name in wanted.position]
    return encode_records(
        wanted,
        [{column.name: _plain(column, record[index]) for index, column in kept} for record in records_of(given, rows)],
    )


def _takes(given: Column, wanted: Column) -> bool:
    """Tell whether every value of a column is one of the other, and held the same way."""
    return (
        given.name == wanted.name
        and given.kind is wanted.kind
        and given.is_numbered == wanted.is_numbered
        and (wanted.nullable or not given.nullable)
    )


def _plain(column: Column, cell: Cell) -> object:
    """Return a cell as a record brings it; rows hold date-times as microseconds."""
    if column.kind is Kind.DATETIME and cell is not None:
        return np.datetime64(int(cell), "us")
    return cell
