"""A column plan over many rows at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from carafe.errors import FieldProblem, PredictionFailed
from carafe.models.lowering.arrays import compute
from carafe.models.lowering.lookup import Codes
from carafe.models.lowering.plan import AnyOp, Plan
from carafe.models.lowering.tables import Home, Matrix, Prepared, Run, Wide, homes, prepared_tables, runs
from carafe.models.lowering.vocabulary import Vocabulary, Weights
from carafe.schema import Rows
from carafe.schema.rows import MAX_PROBLEMS, invalid_input

BLOCK = 1024
"""So many rows are computed at a time: their columns stay in the processor's cache until the matrix is written."""


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
    tables = prepared_tables(plan)
    known = homes(plan, tables)
    results = list(runs(plan.outputs, known))

    def encode(rows: Rows) -> Matrix:
        matrix = np.empty((rows.count, len(plan.outputs)), dtype=np.float64)
        refusals = _Refusals()
        with np.errstate(all="ignore"):
            for start in range(0, rows.count, BLOCK):
                block = _Block(plan, known, [column[start : start + BLOCK] for column in rows.columns])
                block.compute(tables, refusals, start)
                block.write(matrix[start : start + BLOCK], results)
        refusals.settle()
        return matrix

    return encode


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


class _Block:
    """Some rows on their way through a plan."""

    def __init__(self, plan: Plan, known: dict[int, Home], columns: Sequence[NDArray[Any]]) -> None:
        self.plan = plan
        self.known = known
        self.slots: dict[int, NDArray[Any]] = dict(enumerate(columns))
        self.codes: dict[int, Codes] = {}
        """Which entry each row has, by table."""
        self.weights: dict[int, Weights] = {}
        """Which terms each row has, by vocabulary."""

    def compute(self, tables: Sequence[Wide | None], refusals: _Refusals, start: int) -> None:
        """Run every operation; ``start`` is the number of the block's first row."""
        slot = len(self.plan.inputs)
        for op, table in zip(self.plan.ops, tables, strict=True):
            if table is None:
                self.slots[slot] = self._computed(op, refusals)
            elif isinstance(table, Vocabulary):
                self.weights[id(table)] = weights = Weights(table, table.texts(self._column(table.op.slot)))
                refusals.failure = refusals.failure or weights.failure()
            else:
                column = self._column(table.op.slot)
                self.codes[id(table)] = codes = table.finder.find(column)
                refusals.note(table, column, codes, start)
            slot += op.width

    def write(self, matrix: Matrix, results: Sequence[tuple[int, int] | Run]) -> None:
        """Write the outputs."""
        for result in results:
            if isinstance(result, Run):
                target = matrix[:, result.place : result.place + result.last - result.first]
                if isinstance(result.table, Vocabulary):
                    self.weights[id(result.table)].write(target, result.first, result.last)
                else:
                    result.table.write(target, self.codes[id(result.table)], result.first, result.last)
            else:
                place, slot = result
                matrix[:, place] = self.slots[slot]

    def _computed(self, op: AnyOp, refusals: _Refusals) -> NDArray[np.float64]:
        """Return what an operation appends; where it refuses, note that and go on: a category may be refused, too."""
        columns = [self._column(slot) for slot in op.reads]
        try:
            return compute(op, *columns)
        except PredictionFailed as failure:
            refusals.failure = refusals.failure or failure
            return columns[0]

    def _column(self, slot: int) -> NDArray[Any]:
        if slot not in self.slots:
            table, column = self.known[slot]
            self.slots[slot] = (
                self.weights[id(table)].column(column)
                if isinstance(table, Vocabulary)
                else table.column(column)[self.codes[id(table)]]
            )
        return self.slots[slot]
