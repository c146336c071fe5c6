"""What a writer of any format can do."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import polars as pl

from carafe.jobs.scoring.score import Scored


class Sink(Protocol):
    """Turns scored batches into bytes that can be appended to one another."""

    def begin(self) -> bytes:
        """Return what a table begins with, before the first batch."""
        ...

    def encode(self, scored: Scored) -> bytes:
        """Return a batch."""
        ...

    def table(self, scored: Scored) -> pl.DataFrame:
        """Return a batch as the table that ``write`` takes, the answers behind the columns that are kept."""
        ...

    def write(self, table: pl.DataFrame) -> bytes:
        """Return a table."""
        ...

    def end(self) -> bytes:
        """Return what a table ends with, after the last batch."""
        ...

    def finish(self, part: Path, target: Path) -> None:
        """Make the finished file of what was written to ``part``; ``part`` is gone afterwards."""
        ...
