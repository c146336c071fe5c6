"""Arrow and Parquet out: an Arrow stream while the job runs, which a finished file is made of."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import polars as pl
from polars.io.plugins import register_io_source

from carafe.database import flush_file, flush_folder
from carafe.jobs.scoring.arrow_stream import END, MessageKind, messages
from carafe.jobs.scoring.formats import Format
from carafe.jobs.scoring.score import Scored
from carafe.jobs.scoring.sinks.typed import typed_table
from carafe.jobs.scoring.sources.arrow import ArrowSource
from carafe.jobs.scoring.sources.input import opened
from carafe.schema import Signature

_LEAST_GROUP = 8_192
"""The fewest rows of a row group or record batch: smaller ones cost a reader more than they spare."""


class ArrowSink:
    """Writes an Arrow IPC stream; ``finish`` makes an Arrow file or a Parquet file of it."""

    def __init__(self, signature: Signature, *, text: bool, format: Format, begun: bool = False) -> None:  # noqa: A002 - the word
        self._signature = signature
        self._text = text
        self._format = format
        self._begun = begun
        """Whether the stream has its schema already."""

    def begin(self) -> bytes:
        """Return nothing: the schema comes with the first batch."""
        return b""

    def encode(self, scored: Scored) -> bytes:
        """Return the messages of a batch, with the schema before the first."""
        return self.write(self.table(scored))

    def table(self, scored: Scored) -> pl.DataFrame:
        """Return the columns in types, and the answers."""
        table = typed_table(scored.batch, self._signature) if self._text else scored.batch.table
        return table.hstack(scored.answers) if table.width else scored.answers

    def write(self, table: pl.DataFrame) -> bytes:
        """Return the messages of a table, with the schema before the first."""
        plain = table.with_columns(pl.selectors.by_dtype(pl.Categorical, pl.Enum).cast(pl.String)).rechunk()
        out = io.BytesIO()
        plain.write_ipc_stream(out, compat_level=pl.CompatLevel.oldest())
        out.seek(0)
        parts = [one for one in messages(out.read, name="batch") if not self._begun or one.kind != MessageKind.SCHEMA]
        self._begun = True
        return b"".join(part.content for part in parts)

    def end(self) -> bytes:
        """Return the mark that ends a stream."""
        return END

    def finish(self, part: Path, target: Path) -> None:
        """Write the finished file, a record batch at a time, and drop the stream."""
        draft = target.with_name(f"{target.name}.new")
        with opened(part) as source:
            stream = ArrowSource(source, self._signature)
            schema, height = stream.schema, next((table.height for table in stream.tables()), 1)

        def batches(
            _columns: list[str] | None, _predicate: pl.Expr | None, _rows: int | None, _size: int | None
        ) -> Iterator[pl.DataFrame]:
            with opened(part) as source:
                yield from ArrowSource(source, self._signature).tables()

        table, rows = register_io_source(batches, schema=schema), max(height, _LEAST_GROUP)  # a group is held in memory
        if self._format is Format.PARQUET:
            table.sink_parquet(draft, row_group_size=rows)
        else:
            table.sink_ipc(draft, record_batch_size=rows)
        flush_file(draft)  # before the stream goes, of which it could be made again
        draft.replace(target)
        flush_folder(target.parent)
        part.unlink()
