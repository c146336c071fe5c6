"""CSV, tab-separated and their like: by the block where a block is plain, record by record where it is not.

A block is plain when it holds no quote and every line has the header's number of fields. Both ways read the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from carafe.errors import FieldProblem, UnreadableTable
from carafe.jobs.scoring.batch import BATCH_BYTES, BATCH_ROWS, Batch, Position, Refused
from carafe.jobs.scoring.encode.texts import encode_texts
from carafe.jobs.scoring.sources.input import Feed, Input
from carafe.jobs.scoring.sources.records import read_records
from carafe.jobs.scoring.sources.source import Layout, Wanted, assembled
from carafe.tables.delimited import check_options, header_names
from carafe.tables.sniff import SAMPLE_CHARACTERS, find_delimiter

_LEAST_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    """Some lines of the file, as strings."""

    table: pl.DataFrame
    lines: NDArray[np.int64]
    refused: Sequence[Refused]


class DelimitedSource:
    """A CSV file that is being read. Its values are text, typed by what the signature asks for."""

    misfits: Sequence[FieldProblem] = ()
    nested: Sequence[str] = ()

    def __init__(self, source: Input, layout: Layout) -> None:
        check_options(delimiter=layout.delimiter, encoding=layout.encoding, decimal=layout.decimal)
        self._feed = Feed(source, encoding=layout.encoding)
        self._layout = layout
        if not self._feed.rest:
            raise UnreadableTable(f"{source.name} is empty: a table begins with a line of column names")
        sample = self._feed.rest[:SAMPLE_CHARACTERS]
        prefer = "\t" if source.name.lower().endswith((".tsv", ".tab")) else ","
        self.delimiter = layout.delimiter or find_delimiter(sample.decode("utf-8", "replace"), prefer=prefer)
        self._size = _block_size(len(sample), sample.count(b"\n"))
        header = read_records(self._feed, delimiter=self.delimiter, quotes=layout.quotes, line=1, most=1)
        self.names = tuple(header_names(header.rows[0] if header.rows else [], file=source.name))
        self._line = header.next_line

    def batches(self, wanted: Wanted, *, start: Position | None = None) -> Iterator[Batch]:
        """Yield the table, as Source says."""
        if start is not None:
            self._feed.skip_to(start.offset)
            self._line = start.line
        self._feed.fill(self._size)
        while self._feed.rest or start is None:  # a table without rows is one empty batch
            offset, line = self._feed.offset, self._line
            block = self._at_once() or self._closely()
            yield self._batch(block, wanted)
            self._size = _block_size(self._feed.offset - offset, self._line - line)
            start = Position(offset=self._feed.offset, line=self._line)
            self._feed.fill(self._size)

    def _batch(self, block: _Block, wanted: Wanted) -> Batch:
        encoded = [
            encode_texts(column, block.table[column.name], nulls=self._layout.nulls, decimal=self._layout.decimal)
            for column in wanted.signature.columns
        ]
        return assembled(
            encoded,
            table=block.table.select(wanted.kept),
            lines=block.lines,
            refused=block.refused,
            end=Position(offset=self._feed.offset, line=self._line),
            done=self._feed.done,
        )

    def _at_once(self) -> _Block | None:
        """Consume the whole lines that are held, if they are plain."""
        held, size = self._feed.rest, self._size
        if len(held) > size or not self._feed.ended:
            size = held.rfind(b"\n", 0, size) + 1
        text = held[:size]
        if not text or not self._is_plain(text):
            return None
        try:
            table = pl.read_csv(
                text,
                has_header=False,
                schema=dict.fromkeys(self.names, pl.String),
                separator=self.delimiter,
                quote_char=None,
            )
        except pl.exceptions.PolarsError:
            return None
        count = table.height
        if not self._is_even(text, lines=count):
            return None
        lines = np.arange(self._line, self._line + count, dtype=np.int64)
        self._feed.consume(len(text))
        self._line += count
        return _Block(table=table, lines=lines, refused=())

    def _is_plain(self, text: bytes) -> bool:
        if (self._layout.quotes and b'"' in text) or not self.delimiter.isascii():
            return False
        return b"\r" not in text or text.count(b"\r") == text.count(b"\r\n")

    def _is_even(self, text: bytes, *, lines: int) -> bool:
        """Tell whether each line that polars read has as many fields as the header.

        It refuses a line with more; so if there are as many delimiters as that makes in all, none has fewer, and none
        is blank. Where there is one column only, blank lines are rows like others.
        """
        if text.count(self.delimiter.encode()) != lines * (len(self.names) - 1):
            return False
        return len(self.names) > 1 or lines == text.count(b"\n") + (not text.endswith(b"\n"))

    def _closely(self) -> _Block:
        found = read_records(
            self._feed,
            delimiter=self.delimiter,
            quotes=self._layout.quotes,
            line=self._line,
            most=BATCH_ROWS,
            width=len(self.names),
        )
        self._line = found.next_line
        columns = zip(*found.rows, strict=True) if found.rows else [()] * len(self.names)
        fields = [pl.Series(name, column, dtype=pl.String) for name, column in zip(self.names, columns, strict=True)]
        table = pl.DataFrame([field.set(field == "", None) for field in fields])  # as a plain block has it
        return _Block(table=table, lines=np.array(found.lines, dtype=np.int64), refused=found.refused)


def _block_size(size: int, lines: int) -> int:
    """Return how many bytes hold about BATCH_ROWS such lines."""
    return min(max(size * BATCH_ROWS // max(lines, 1), _LEAST_BYTES), BATCH_BYTES)
