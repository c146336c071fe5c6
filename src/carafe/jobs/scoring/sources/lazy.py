"""Parquet and Arrow files: some rows at a time, so that at most a row group of the columns in use is unpacked at once.

Both end with their table of contents, so that no pipe can bring them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl

from carafe.errors import FieldProblem, UnreadableTable
from carafe.jobs.scoring.batch import BATCH_BYTES, BATCH_ROWS, Batch, Position
from carafe.jobs.scoring.encode.typed import encode_typed, misfit
from carafe.jobs.scoring.formats import Format
from carafe.jobs.scoring.sources.input import Input
from carafe.jobs.scoring.sources.source import Wanted, assembled
from carafe.schema import Signature
from carafe.tables.columns import check_names

_FIRST_ROWS = 8_192
"""How many rows are read before their size is known."""

UNREADABLE = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError)
"""What polars raises where a file is not what its format promises; a panic is no Exception to Python."""


class LazySource:
    """A file with a table of contents that is being read."""

    def __init__(self, source: Input, signature: Signature, *, format: Format) -> None:  # noqa: A002 - the word
        self._name, self._format = source.name, format
        if source.path is None:
            raise UnreadableTable(f"{source.name}: a {format} file can't be read from a pipe; save it to a file first")
        try:
            scan = pl.scan_parquet if format is Format.PARQUET else pl.scan_ipc
            self._table = scan(source.path, glob=False)
            self._schema = self._table.collect_schema()
            self._height = int(self._table.select(pl.len()).collect().item())
        except UNREADABLE as error:
            raise unreadable(self._name, format, error) from error
        self.names = tuple(self._schema.names())
        check_names(self.names)
        self.misfits = misfits_of(signature, self._schema)
        self.nested = nested_of(self._schema)

    def batches(self, wanted: Wanted, *, start: Position | None = None) -> Iterator[Batch]:
        """Yield the table, as Source says."""
        needed = list(dict.fromkeys([*wanted.signature.names, *wanted.kept]))
        offset, rows = (start.offset if start else 0), min(_FIRST_ROWS, BATCH_ROWS)
        while offset < self._height or start is None:  # a table without rows is one empty batch
            try:
                block = self._table.select(needed).slice(offset, rows).collect()
            except UNREADABLE as error:
                raise unreadable(self._name, self._format, error) from error
            end = offset + block.height
            offset, start = end, Position(offset=end, line=end + 1)
            rows = min(max(block.height * BATCH_BYTES // max(int(block.estimated_size()), 1), 1), BATCH_ROWS)
            yield typed_batch(
                block,
                wanted,
                first=end - block.height + 1,
                end=Position(offset=end, line=end + 1),
                done=end / max(self._height, 1),
            )


def unreadable(name: str, format: Format, error: BaseException) -> UnreadableTable:  # noqa: A002 - the word
    """Return the story of a file that polars could not read."""
    if isinstance(error, pl.exceptions.PanicException):  # its text speaks of polars' own code
        return UnreadableTable(f"{name} can't be read as {format}: it is damaged")
    first = str(error).strip().partition("\n")[0][:200]
    return UnreadableTable(f"{name} can't be read as {format}: {first}")


def misfits_of(signature: Signature, schema: pl.Schema) -> Sequence[FieldProblem]:
    """Return the problems of the columns whose type rules out every value."""
    there = [column for column in signature.columns if column.name in schema]
    found = [misfit(column, schema[column.name]) for column in there]
    return [problem for problem in found if problem is not None]


def nested_of(schema: pl.Schema) -> Sequence[str]:
    """Return the names of the columns that hold lists, objects or bytes."""
    return [name for name, dtype in schema.items() if dtype.is_nested() or dtype in {pl.Binary, pl.Object}]


def typed_batch(block: pl.DataFrame, wanted: Wanted, *, first: int, end: Position, done: float) -> Batch:
    """Return the batch of a table with types; ``first`` is the number of its first row, from 1."""
    return assembled(
        [encode_typed(column, block[column.name]) for column in wanted.signature.columns],
        table=block.select(wanted.kept),
        lines=np.arange(first, first + block.height, dtype=np.int64),
        refused=(),
        end=end,
        done=done,
    )
