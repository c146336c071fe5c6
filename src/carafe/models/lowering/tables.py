"""A plan's tables of categories, ready to be looked up: as whole blocks of rows, or one row at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from carafe.models.lowering.lookup import Codes, Finder
from carafe.models.lowering.plan import OneHot, Plan, Table
from carafe.models.lowering.vocabulary import Vocabulary
from carafe.models.lowering.words import Words
from carafe.schema import Kind

Matrix = NDArray[np.float64]

CHUNK = 256
"""The rows of so many entries of a table are made at a time; a one-hot table of thousands is never made as a whole."""


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A table ready to be looked up, and the name of the column whose values it refuses; None where it has none."""

    op: Table | OneHot
    finder: Finder
    name: str | None
    dense: Matrix | None
    hot: Codes
    off: NDArray[np.float64]
    on: NDArray[np.float64]

    @classmethod
    def of(cls, plan: Plan, op: Table | OneHot) -> Prepared:
        """Return a table of a plan, prepared."""
        words = op.slot < len(plan.inputs) and plan.inputs[op.slot].kind in {Kind.CATEGORY, Kind.TEXT}
        hot, off, on = (op.hot, op.off, op.on) if isinstance(op, OneHot) else ((), (), ())
        return cls(
            op=op,
            finder=Finder.of(op),
            name=plan.inputs[op.slot].name if words else None,
            dense=np.array(op.rows, dtype=np.float64) if isinstance(op, Table) else None,
            hot=np.array(hot, dtype=np.intp),
            off=np.array(off, dtype=np.float64),
            on=np.array(on, dtype=np.float64),
        )

    def rows(self, entries: Codes, first: int, last: int) -> Matrix:
        """Return the numbers of some entries, columns ``first`` up to ``last``: float64 of shape (entries, columns)."""
        if self.dense is not None:
            return self.dense[entries, first:last]
        made = np.empty((len(entries), last - first))
        self.write(made, entries, first, last)
        return made

    def write(self, matrix: Matrix, codes: Codes, first: int, last: int) -> None:
        """Write the numbers of each code's entry, columns ``first`` up to ``last``, into a matrix of that shape."""
        if self.dense is not None:
            matrix[:] = self.dense[codes, first:last]
            return
        matrix[:] = self.off[first:last]
        hot = self.hot[codes]
        lit = np.flatnonzero((hot >= first) & (hot < last))
        matrix[lit, hot[lit] - first] = self.on[hot[lit]]

    def column(self, column: int) -> NDArray[np.float64]:
        """Return one column's number of each entry."""
        return self.rows(np.arange(self.op.entries), column, column + 1)[:, 0]

    def dot(self, columns: Sequence[int], weights: Matrix) -> Matrix:
        """Return each entry's numbers in some columns times their weights (columns, t): (entries, t)."""
        entries, width = np.arange(self.op.entries), self.op.width
        chunks = (self.rows(entries[start : start + CHUNK], 0, width) for start in range(0, len(entries), CHUNK))
        return np.concatenate([chunk[:, list(columns)] @ weights for chunk in chunks])

    def listed(self, first: int, last: int) -> Callable[[int], list[float]]:
        """Return the function from an entry to its numbers, columns ``first`` up to ``last``, made when asked."""
        dense: list[list[float]] = [] if self.dense is None else self.dense[:, first:last].tolist()
        off: list[float] = self.off[first:last].tolist()
        on: list[float] = self.on[first:last].tolist()
        hot: list[int] = (self.hot - first).tolist()

        def row(entry: int) -> list[float]:
            if dense:
                return dense[entry]
            made, lit = off.copy(), hot[entry]
            if 0 <= lit < len(on):
                made[lit] = on[lit]
            return made

        return row


Wide = Prepared | Vocabulary
"""What appends many slots at once, of which a row has few that differ."""


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbouring outputs that stand side by side in one table: its columns from ``first`` up to ``last``.

    ``place`` is where the first of them stands among the outputs.
    """

    place: int
    table: Wide
    first: int
    last: int


Home = tuple[Wide, int]
"""A table or vocabulary, and one of its columns."""


def homes(plan: Plan, tables: Sequence[Wide | None]) -> dict[int, Home]:
    """Return for each slot that a table appends that table and the column of it; ``tables`` has one an operation."""
    found: dict[int, Home] = {}
    slot = len(plan.inputs)
    for op, table in zip(plan.ops, tables, strict=True):
        if table is not None:
            found.update((slot + column, (table, column)) for column in range(op.width))
        slot += op.width
    return found


def runs(outputs: Sequence[int], known: dict[int, Home]) -> Iterator[tuple[int, int] | Run]:
    """Yield the outputs in order: place and slot of each, or several together that one look-up gives."""
    place = 0
    while place < len(outputs):
        home = known.get(outputs[place])
        if home is None:
            yield place, outputs[place]
            place += 1
            continue
        table, first = home
        last = first + 1
        while last < table.op.width and outputs[place + last - first : place + last - first + 1] == (
            outputs[place] + last - first,
        ):
            last += 1
        yield Run(place, table, first, last)
        place += last - first


def prepared_tables(plan: Plan) -> list[Wide | None]:
    """Return the plan's tables and vocabularies, one an operation, None where it is another one."""
    return [
        Prepared.of(plan, op)
        if isinstance(op, (Table, OneHot))
        else Vocabulary.of(op)
        if isinstance(op, Words)
        else None
        for op in plan.ops
    ]
