"""JSON lines out: the answers added to each line as it came, or objects made of a table."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from carafe.jobs.scoring.score import Scored
from carafe.jobs.scoring.sinks.typed import typed_table
from carafe.schema import Signature


class JsonLinesSink:
    """Writes one object a line."""

    def __init__(self, signature: Signature, *, text: bool) -> None:
        self._signature = signature
        self._text = text
        """Whether the input's values came without types."""

    def begin(self) -> bytes:
        """Return nothing: there is no header."""
        return b""

    def encode(self, scored: Scored) -> bytes:
        """Return the lines."""
        if scored.batch.raw:
            return spliced(scored.batch.raw, self.write(scored.answers))
        return self.write(self.table(scored))

    def table(self, scored: Scored) -> pl.DataFrame:
        """Return the columns in types, and the answers."""
        if not scored.batch.table.width:
            return scored.answers
        table = typed_table(scored.batch, self._signature) if self._text else scored.batch.table
        return table.hstack(scored.answers)

    def write(self, table: pl.DataFrame) -> bytes:
        """Return one object a row."""
        out = io.BytesIO()
        if table.height:
            table.write_ndjson(out)
        return out.getvalue()

    def end(self) -> bytes:
        """Return nothing: the lines just end."""
        return b""

    def finish(self, part: Path, target: Path) -> None:
        """Give the file its name."""
        part.replace(target)


def spliced(raw: Sequence[bytes], answers: bytes) -> bytes:
    """Return each object with the fields of its answer behind its own."""
    pairs = zip(raw, answers.splitlines(), strict=True)
    return b"".join([b"%b,%b\n" % (line.rstrip()[:-1], answer[1:]) for line, answer in pairs])
