"""A lowered transformer beside the fitted one: the same rows, both ways."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from carafe.models.container import Container
from carafe.models.containers import build_table
from carafe.models.lowering.columns import lower_columns
from carafe.models.lowering.matrix import plan_matrix
from carafe.models.lowering.plan import Plan
from carafe.models.lowering.rowwise import linear_scorer, row_encoder
from carafe.schema import Column, Rows, Signature, Target, Task
from carafe.schema.rows import Record

TARGET = Target(name="y", task=Task.REGRESSION)


def signature(*columns: Column) -> Signature:
    return Signature(columns=columns, target=TARGET)


def lowered(transformer: Any, columns: Signature, container: Container) -> Plan:
    """Lower, and come back from JSON as a worker does."""
    plan, names = lower_columns(transformer, signature=columns, container=container)
    assert len(names) == len(plan.outputs)
    return msgspec.json.decode(msgspec.json.encode(plan), type=Plan)


def fitted(transformer: Any, columns: Signature, container: Container, records: Sequence[Record]) -> NDArray[Any]:
    """Return what the fitted transformer itself gives for records."""
    table = build_table(container, columns, Rows.of_records(columns, records))
    matrix = transformer.transform(table)
    matrix = matrix.toarray() if hasattr(matrix, "toarray") else matrix
    return np.asarray(matrix, dtype=np.float64)


def check(transformer: Any, columns: Signature, container: Container, records: Sequence[Record]) -> None:
    """Hold the plan, over all rows, over one, and as a linear score, against the fitted transformer."""
    plan = lowered(transformer, columns, container)
    expected = fitted(transformer, columns, container, records)
    matrix = plan_matrix(plan, Rows.of_records(columns, records))
    assert matrix.dtype == np.float64
    assert matrix.flags.c_contiguous
    np.testing.assert_array_equal(matrix, expected)
    check_rowwise(plan, matrix, records)


def check_rowwise(plan: Plan, matrix: NDArray[np.float64], records: Sequence[Record]) -> None:
    """Hold the generated functions against the plan's own matrix."""
    encode = row_encoder(plan)
    rows = [encode(record) for record in records]
    assert all(type(number) is float for row in rows for number in row)
    np.testing.assert_array_equal(np.array(rows).reshape(matrix.shape), matrix)
    draw = np.random.default_rng(0)
    for outputs in (1, 3):
        weights, intercepts = draw.normal(size=(matrix.shape[1], outputs)), draw.normal(size=outputs)
        score = linear_scorer(plan, weights, intercepts)
        with np.errstate(all="ignore"):
            expected = matrix @ weights + intercepts
            scale = np.abs(matrix) @ np.abs(weights) + np.abs(intercepts)
            for record, row, size in zip(records, expected, scale, strict=True):
                got = np.array(score(record))
                same = (np.abs(got - row) <= 1e-12 * size) | (~np.isfinite(got) & ~np.isfinite(row))
                assert same.all() or not np.isfinite(size).all(), (got, row)
