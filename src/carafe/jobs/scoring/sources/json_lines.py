"""JSON lines: one object a line, as strictly JSON as a request's body."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import msgspec
import numpy as np
import polars as pl

from carafe.errors import FieldProblem, MalformedBody, UnreadableTable
from carafe.jobs.scoring.batch import BATCH_BYTES, BATCH_ROWS, Batch, Position, Refused
from carafe.jobs.scoring.encode.values import encode_values
from carafe.jobs.scoring.sources.input import Feed, Input
from carafe.jobs.scoring.sources.source import Layout, Wanted, assembled
from carafe.protocols.strict_json import read_json, repetitions
from carafe.schema import Signature
from carafe.schema.values import expected_of, printable, shown
from carafe.tables.columns import check_names

MAX_LINE = 16 * 1024 * 1024
"""The most bytes of one line."""

Record = dict[str, object]


@dataclass(slots=True)
class _Taken:
    """The records of a batch, and where they stand."""

    records: list[Record] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)


class JsonLinesSource:
    """JSON lines that are being read. The fields of the first record are the columns; blank lines are passed over."""

    misfits: Sequence[FieldProblem] = ()
    nested: Sequence[str] = ()

    def __init__(self, source: Input, layout: Layout) -> None:
        self._feed = Feed(source, encoding=layout.encoding)
        self._feed.fill(BATCH_BYTES)
        self._line = 1
        self.names = self._first_names()
        self._known = frozenset(self.names)

    def batches(self, wanted: Wanted, *, start: Position | None = None) -> Iterator[Batch]:
        """Yield the table, as Source says."""
        if start is not None:
            self._feed.skip_to(start.offset)
            self._line = start.line
        while block := self._block():
            taken = _Taken()
            for line in block:
                if line and not line.isspace():
                    self._take(line, wanted.signature, taken)
                self._line += 1
            yield self._batch(taken, wanted)

    def _batch(self, taken: _Taken, wanted: Wanted) -> Batch:
        encoded = [
            encode_values(column, [record[column.name] for record in taken.records])
            for column in wanted.signature.columns
        ]
        table = pl.DataFrame() if wanted.raw else _texts(taken.records, wanted.kept)
        return assembled(
            encoded,
            table=table,
            lines=np.array(taken.lines, dtype=np.int64),
            refused=taken.refused,
            end=Position(offset=self._feed.offset, line=self._line),
            done=self._feed.done,
            raw=taken.raw if wanted.raw else (),
        )

    def _block(self) -> list[bytes]:
        """Consume whole lines, at most BATCH_ROWS of them."""
        self._feed.fill(BATCH_BYTES)
        while not self._feed.ended and b"\n" not in self._feed.rest:
            if len(self._feed.rest) > MAX_LINE:
                raise UnreadableTable(f"{self._feed.name}, line {self._line}: a line of more than {MAX_LINE:,} bytes")
            self._feed.fill(2 * len(self._feed.rest))
        held = self._feed.rest
        block = held if self._feed.ended else held[: held.rfind(b"\n") + 1]
        lines = block.split(b"\n", BATCH_ROWS)
        rest = lines.pop()  # after the last line break, or after the most lines
        if rest and self._feed.ended and len(lines) < BATCH_ROWS:
            lines.append(rest)
            rest = b""
        self._feed.consume(len(block) - len(rest))
        return lines

    def _take(self, line: bytes, signature: Signature, taken: _Taken) -> None:
        try:
            problems, record = _record(line, signature, self._known)
        except MalformedBody as error:
            expected = "a line of JSON: " + str(error).removeprefix("the body is ")
            problems, record = [FieldProblem(row=0, field="", got="a line that can't be read", expected=expected)], {}
        if problems:
            taken.refused.extend(Refused(line=self._line, problem=problem) for problem in problems)
            return
        taken.records.append(record)
        taken.raw.append(line)
        taken.lines.append(self._line)

    def _first_names(self) -> tuple[str, ...]:
        for line in self._feed.rest.split(b"\n"):
            try:
                record = read_json(line) if line.strip() else None
            except MalformedBody:
                continue
            if isinstance(record, dict):
                check_names(list(record))
                return tuple(record)
        if not self._feed.rest.strip():
            raise UnreadableTable(f"{self._feed.name} is empty: JSON lines have one object a line")
        raise UnreadableTable(f"{self._feed.name} holds no JSON object: JSON lines have one object a line")


def _record(line: bytes, signature: Signature, known: frozenset[str]) -> tuple[list[FieldProblem], Record]:
    """Return what a line holds, and what is wrong with it as a whole."""
    record = read_json(line)
    if not isinstance(record, dict):
        return [FieldProblem(row=0, field="", got=shown(record), expected="an object with one field a column")], {}
    problems = repetitions([record])
    if not record.keys() >= signature.position.keys():
        absent = [column for column in signature.columns if column.name not in record]
        problems += [FieldProblem(row=0, field=c.name, got="nothing", expected=expected_of(c)) for c in absent]
    if not record.keys() <= known:
        names = [printable(name[:60]) for name in record if name not in known]
        expected = "only fields that the first record has"
        problems += [FieldProblem(row=0, field=name, got="an unknown field", expected=expected) for name in names]
    return problems, record


def _texts(records: Sequence[Record], names: Sequence[str]) -> pl.DataFrame:
    return pl.DataFrame(
        [pl.Series(name, [_text(record.get(name)) for record in records], dtype=pl.String) for name in names]
    )


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value if value is None else printable(value)
    return msgspec.json.encode(value).decode()
