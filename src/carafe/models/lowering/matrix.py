"""A column plan over many rows at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from carafe.errors import FieldProblem, PredictionFailed
from carafe.models.lowering.arrays import compute
from carafe.models.lowering.lookup import Codes, Finder
from carafe.models.lowering.plan import AnyOp, OneHot, Plan, Table
from carafe.schema import Kind, Rows
from carafe.schema.rows import MAX_PROBLEMS, invalid_input

BLOCK = 4096
"""So many rows are computed at a time: their columns stay in the processor's cache until the matrix is written."""

Matrix = NDArray[np.float64]


def plan_matrix(plan: Plan, rows: Rows) -> Matrix:
    """Return the matrix of ``rows``, which fit the plan's inputs: float64 of shape (n, outputs), C-contiguous.

    What is asked more than once is made by ``matrix_encoder``, which prepares the plan's tables once.

    Raises:
        InvalidInput: when a row holds a category that the fitted encoder refuses; names every such field.
        PredictionFailed: when a step of the pipeline refuses a row's number or missing value.
    """
    return matrix_encoder(plan)(rows)


def matrix_encoder(plan: Plan) -> Callable[[Rows], Matrix]:
    """Return the function that turns rows into the plan's matrix, as ``plan_matrix`` does."""
    tables = [Prepared.of(plan, op) if isinstance(op, (Table, OneHot)) else None for op in plan.ops]

    def encode(rows: Rows) -> Matrix:
        matrix = np.empty((rows.count, len(plan.outputs)), dtype=np.float64)
        refusals = _Refusals()
        with np.errstate(all="ignore"):
            for start in range(0, rows.count, BLOCK):
                block = [column[start : start + BLOCK] for column in rows.columns]
                slots = _slots(plan, tables, block, refusals, start)
                for index, slot in enumerate(plan.outputs):
                    matrix[start : start + BLOCK, index] = slots[slot]
        refusals.settle()
        return matrix

    return encode


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A table ready to be looked up, and the column whose values it refuses."""

    op: Table | OneHot
    finder: Finder
    rows: Matrix
    name: str | None

    @classmethod
    def of(cls, plan: Plan, op: Table | OneHot) -> Prepared:
        """Return a table of a plan, prepared."""
        words = op.slot < len(plan.inputs) and plan.inputs[op.slot].kind in {Kind.CATEGORY, Kind.TEXT}
        return cls(op, Finder.of(op), dense_rows(op), plan.inputs[op.slot].name if words else None)


def dense_rows(op: Table | OneHot) -> Matrix:
    """Return the numbers of each entry, float64 of shape (entries, width)."""
    if isinstance(op, Table):
        return np.array(op.rows, dtype=np.float64)
    rows = np.tile(np.array(op.off, dtype=np.float64), (op.entries, 1))
    on = np.array(op.on, dtype=np.float64)
    lit = [entry for entry, hot in enumerate(op.hot) if hot >= 0]
    hot = [op.hot[entry] for entry in lit]
    rows[lit, hot] = on[hot]
    return rows


@dataclass(slots=True)
class _Refusals:
    """What is refused on the way; told when every row was looked at, a named category before anything else."""

    problems: list[FieldProblem] = field(default_factory=list)
    failure: PredictionFailed | None = None

    def settle(self) -> None:
        if self.problems:
            raise invalid_input(self.problems)
        if self.failure is not None:
            raise self.failure

    def note(self, table: Prepared, column: NDArray[Any], codes: Codes, start: int) -> None:
        for row in table.finder.refused(column, codes):
            value = column[row]
            if table.name is None or value is None:
                self.failure = self.failure or table.finder.failure(value)
            elif len(self.problems) < MAX_PROBLEMS:
                self.problems.append(table.finder.problem(table.name, start + row, value))


def _slots(
    plan: Plan,
    tables: Sequence[Prepared | None],
    columns: Sequence[NDArray[Any]],
    refusals: _Refusals,
    start: int,
) -> list[NDArray[Any]]:
    slots = list(columns)
    for op, table in zip(plan.ops, tables, strict=True):
        if table is None:
            slots.append(_computed(op, slots, refusals))
            continue
        column = slots[table.op.slot]
        codes = table.finder.find(column)
        refusals.note(table, column, codes, start)
        slots.extend(table.rows[codes].T)
    return slots


def _computed(op: AnyOp, slots: Sequence[NDArray[Any]], refusals: _Refusals) -> NDArray[np.float64]:
    """Return what an operation appends; where it refuses, note that and go on: a category may be refused, too."""
    columns = [slots[slot] for slot in op.reads]
    try:
        return compute(op, *columns)
    except PredictionFailed as failure:
        refusals.failure = refusals.failure or failure
        return columns[0]
