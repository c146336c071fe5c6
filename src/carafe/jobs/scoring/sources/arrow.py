"""An Arrow IPC stream: a record batch at a time."""

from __future__ import annotations

import io
from collections.abc import Iterator

import polars as pl

from carafe.errors import UnreadableTable
from carafe.jobs.scoring.arrow_stream import END, Message, MessageKind, messages
from carafe.jobs.scoring.batch import BATCH_ROWS, Batch, Position
from carafe.jobs.scoring.formats import Format
from carafe.jobs.scoring.sources.input import Input
from carafe.jobs.scoring.sources.lazy import UNREADABLE, misfits_of, nested_of, typed_batch, unreadable
from carafe.jobs.scoring.sources.source import Wanted
from carafe.schema import Signature
from carafe.tables.columns import check_names


class ArrowSource:
    """A stream that is being read. A record batch of it is held at once, however large."""

    def __init__(self, source: Input, signature: Signature) -> None:
        self._input = source
        self._messages = messages(source.read, name=source.name)
        first = next(self._messages, None)
        if first is None or first.kind != MessageKind.SCHEMA:
            raise UnreadableTable(f"{source.name} is no Arrow IPC stream: it begins with no schema")
        self._schema = first.content
        self._dictionaries: dict[int, list[bytes]] = {}
        empty = self._table(b"")
        self.schema = empty.schema
        self.names = tuple(empty.columns)
        check_names(self.names)
        self.misfits = misfits_of(signature, empty.schema)
        self.nested = nested_of(empty.schema)

    def batches(self, wanted: Wanted, *, start: Position | None = None) -> Iterator[Batch]:
        """Yield the table, as Source says; ``offset`` counts rows."""
        begin, row = (start.offset if start else 0), 0
        if start is None:  # a table without rows is one empty batch
            yield typed_batch(self._table(b""), wanted, first=1, end=Position(), done=0.0)
        for block in self.tables():
            first, row = row, row + block.height
            for at in range(max(begin - first, 0), block.height, BATCH_ROWS):
                part = block.slice(at, BATCH_ROWS)
                end = first + at + part.height
                yield typed_batch(
                    part,
                    wanted,
                    first=first + at + 1,
                    end=Position(offset=end, line=end + 1),
                    done=self._input.done,
                )

    def tables(self) -> Iterator[pl.DataFrame]:
        """Yield the record batches as they stand."""
        for message in self._messages:
            if message.kind == MessageKind.DICTIONARY:
                self._learn(message)
            elif message.kind == MessageKind.RECORDS:
                yield self._table(message.content)

    def _learn(self, message: Message) -> None:
        known = self._dictionaries.get(message.dictionary, []) if message.delta else []
        self._dictionaries[message.dictionary] = [*known, message.content]

    def _table(self, records: bytes) -> pl.DataFrame:
        dictionaries = [content for each in self._dictionaries.values() for content in each]
        try:
            return pl.read_ipc_stream(io.BytesIO(b"".join([self._schema, *dictionaries, records, END])))
        except UNREADABLE as error:
            raise unreadable(self._input.name, Format.ARROW, error) from error
