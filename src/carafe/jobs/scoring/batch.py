"""What passes through a job: some rows at a time, with where they came from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from carafe.errors import FieldProblem
from carafe.schema import Rows

BATCH_ROWS = 131_072
"""About how many rows are taken at a time."""

BATCH_BYTES = 8 * 1024 * 1024
"""How many bytes of text are taken at a time where rows are long."""


class Position(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the next batch begins."""

    offset: int = 0
    """Bytes of text in UTF-8 from the beginning, or messages of an Arrow stream, or rows of a Parquet file."""
    line: int = 1
    """The line of the text, or the row of a typed table, both from 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """One thing wrong with one record, which is therefore not scored."""

    line: int
    """Its line in the text, or its row in a typed table, from 1."""
    problem: FieldProblem


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Rows that fit the signature, what came beside them, and what did not fit."""

    rows: Rows
    table: pl.DataFrame
    """The input's columns that are kept, one row each of ``rows``: strings where the input is text."""
    lines: NDArray[np.int64]
    """Where each of the rows stands in the input."""
    refused: Sequence[Refused]
    end: Position
    """Where the next batch begins."""
    done: float
    """The share of the input that is read, 0 to 1; 0 throughout where its size is not known."""
    raw: Sequence[bytes] = ()
    """The rows' own JSON lines, where those are wanted."""

    def without(self, problems: Sequence[FieldProblem]) -> Batch:
        """Return the batch without the rows that have problems; a problem's row counts within the batch."""
        if not problems:
            return self
        good = np.ones(self.rows.count, dtype=bool)
        good[[problem.row for problem in problems]] = False
        refused = [Refused(line=int(self.lines[problem.row]), problem=problem) for problem in problems]
        return replace(
            self,
            rows=self.rows.take(np.flatnonzero(good)),
            table=self.table.filter(pl.Series(good)) if self.table.width else self.table,
            lines=self.lines[good],
            refused=sorted([*self.refused, *refused], key=lambda one: one.line),
            raw=[line for line, fits in zip(self.raw, good, strict=True) if fits] if self.raw else (),
        )
