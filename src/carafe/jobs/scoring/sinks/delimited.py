"""CSV out: the input's fields as they came, the answers behind them."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from carafe.jobs.scoring.score import Scored


class DelimitedSink:
    """Writes delimited text in UTF-8 with a header."""

    def __init__(self, names: Sequence[str], *, delimiter: str) -> None:
        self._names = names
        self._delimiter = delimiter

    def begin(self) -> bytes:
        """Return the header."""
        out = io.StringIO()
        csv.writer(out, delimiter=self._delimiter, lineterminator="\n").writerow(self._names)
        return out.getvalue().encode()

    def encode(self, scored: Scored) -> bytes:
        """Return the rows."""
        return self.write(self.table(scored))

    def table(self, scored: Scored) -> pl.DataFrame:
        """Return the fields as they came, and the answers."""
        return scored.batch.table.hstack(scored.answers) if scored.batch.table.width else scored.answers

    def write(self, table: pl.DataFrame) -> bytes:
        """Return lines."""
        out = io.BytesIO()
        table.write_csv(out, include_header=False, separator=self._delimiter)
        return out.getvalue()

    def end(self) -> bytes:
        """Return nothing: a CSV file just ends."""
        return b""

    def finish(self, part: Path, target: Path) -> None:
        """Give the file its name."""
        part.replace(target)
