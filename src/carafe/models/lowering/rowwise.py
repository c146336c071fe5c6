"""A column plan over one row, as a function generated for that plan."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from carafe.models.lowering.matrix import matrix_encoder
from carafe.models.lowering.plan import Plan
from carafe.schema import Column, Rows, Signature, Target, Task
from carafe.schema.rows import Record

Encoder = Callable[[Record], list[float]]
"""From a record to plain floats."""


def row_encoder(plan: Plan) -> Encoder:
    """Return the function that turns one record into its row of the matrix, bit for bit as ``plan_matrix`` does.

    The record fits the plan's inputs. The function raises what ``plan_matrix`` raises, with the record as row 0: where
    a record of several is refused, ask ``plan_matrix`` about all of them, and it names every problem and its row.
    """
    encode = matrix_encoder(plan)
    return lambda record: encode(_rows(plan, record))[0].tolist()


def _rows(plan: Plan, record: Record) -> Rows:
    columns = tuple(Column(name=each.name, kind=each.kind) for each in plan.inputs)
    return Rows.of_records(Signature(columns=columns, target=Target(name="", task=Task.REGRESSION)), [record])


def linear_scorer(plan: Plan, weights: NDArray[np.float64], intercepts: NDArray[np.float64]) -> Encoder:
    """Return the function from one record to ``row @ weights + intercepts``, a list of t floats.

    No row is made on the way: a table of categories costs one look-up, however many columns it has. The sums are those
    of the matrix to within rounding (1e-12 relative).

    Args:
        plan: from records to a row of k numbers.
        weights: float64 of shape (k, t).
        intercepts: float64 of shape (t,).
    """
    encode = matrix_encoder(plan)
    return lambda record: (encode(_rows(plan, record))[0] @ weights + intercepts).tolist()
