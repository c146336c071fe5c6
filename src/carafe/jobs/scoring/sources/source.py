"""What a reader of any format can do, and what it is told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from carafe.errors import FieldProblem
from carafe.jobs.scoring.batch import Batch, Position, Refused
from carafe.jobs.scoring.encode.column import Encoded
from carafe.schema import Rows, Signature


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How a text is written, where it does not say so itself. What is None is recognised."""

    delimiter: str | None = None
    encoding: str | None = None
    decimal: str = "."
    """The decimal mark of CSV."""
    nulls: tuple[str, ...] = ()
    """Words of CSV that stand for a missing value, beside the empty field."""
    quotes: bool = True
    """Whether a quote begins a quoted field of CSV, and is not a character like others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What batches are to hold."""

    signature: Signature
    kept: tuple[str, ...]
    """The columns of the input that go into ``Batch.table``."""
    raw: bool = False
    """Whether the rows' own JSON lines are wanted in place of the table."""


class Source(Protocol):
    """A table that is being read."""

    @property
    def names(self) -> tuple[str, ...]:
        """The input's columns, in order."""
        ...

    @property
    def misfits(self) -> Sequence[FieldProblem]:
        """The columns whose type rules out every value; empty where the input has no types."""
        ...

    @property
    def nested(self) -> Sequence[str]:
        """The columns that hold lists, objects or bytes, which no field of a text can; empty for text."""
        ...

    def batches(self, wanted: Wanted, *, start: Position | None = None) -> Iterator[Batch]:
        """Yield the table from ``start``, an earlier batch's end, or from the beginning.

        Raises:
            UnreadableTable: when the input is not, from some place on, what its format promises.
        """
        ...


def assembled(
    encoded: Sequence[Encoded],
    *,
    table: pl.DataFrame,
    lines: NDArray[np.int64],
    refused: Sequence[Refused],
    end: Position,
    done: float,
    raw: Sequence[bytes] = (),
) -> Batch:
    """Return the batch of these columns, without the rows that have a problem in one of them."""
    rows = Rows(tuple(one.array for one in encoded))
    batch = Batch(rows=rows, table=table, lines=lines, refused=refused, end=end, done=done, raw=raw)
    return batch.without([problem for one in encoded for problem in one.problems])
