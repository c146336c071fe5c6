"""A column plan over one row, as a function generated for that plan."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from carafe.models.lowering.plan import Plan
from carafe.models.lowering.row import Row
from carafe.models.lowering.tables import Run, runs
from carafe.schema.rows import Record

Encoder = Callable[[Record], list[float]]
"""From a record to plain floats."""

TERMS = 50
"""So many terms are added up in one expression; the parser refuses thousands."""


def row_encoder(plan: Plan) -> Encoder:
    """Return the function that turns one record into its row of the matrix, bit for bit as ``plan_matrix`` does.

    The record fits the plan's inputs. The function raises what ``plan_matrix`` raises, with the record as row 0: where
    a record of several is refused, ask ``plan_matrix`` about all of them, and it names every problem and its row.
    """
    row = Row(plan)
    found = runs(plan.outputs, row.homes)
    parts = [row.numbers(each) if isinstance(each, Run) else row.float(each[1]) for each in found]
    return row.compiled(f"[{', '.join(parts)}]")


def linear_scorer(plan: Plan, weights: NDArray[np.float64], intercepts: NDArray[np.float64]) -> Encoder:
    """Return the function from one record to ``row @ weights + intercepts``, a list of t floats.

    No row is made on the way: a table of categories costs one look-up, however many columns it has, and a text what its
    own words cost, however many others there are. The sums are those of the matrix to within rounding (1e-12 relative).

    Args:
        plan: from records to a row of k numbers.
        weights: float64 of shape (k, t).
        intercepts: float64 of shape (t,).
    """
    count = weights.shape[1]
    row = Row(plan)
    terms: list[Sequence[str]] = []
    for table, members in row.tables(plan.outputs):
        own = weights[[index for index, _ in members]]
        terms.append(row.contributed(table, [column for _, column in members], own))
    for index, slot in enumerate(plan.outputs):
        if row.is_number(slot):
            name = row.float(slot) if count == 1 else row.named(slot)
            terms.append([f"{name} * {row.source.constant(float(weight))}" for weight in weights[index]])
    return row.compiled(f"[{', '.join(_totals(row, terms, intercepts))}]")


def _totals(row: Row, terms: Sequence[Sequence[str]], intercepts: NDArray[np.float64]) -> list[str]:
    totals = []
    for index, intercept in enumerate(intercepts.tolist()):
        total = row.source.constant(intercept)
        own = [term[index] for term in terms]
        for start in range(0, len(own), TERMS):
            name = row.source.fresh()
            row.source.line(f"{name} = {' + '.join([total, *own[start : start + TERMS]])}")
            total = name
        totals.append(total)
    return totals
