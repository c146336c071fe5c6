"""A lowered transformer beside the fitted one: the same rows, over many at once and one by one."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from carafe.errors import CarafeError
from carafe.models.container import CARAFE, Container
from carafe.models.containers import build_table
from carafe.models.lowering.columns import lower_columns
from carafe.models.lowering.matrix import plan_matrix
from carafe.models.lowering.plan import Plan
from carafe.models.lowering.rowwise import linear_scorer, row_encoder
from carafe.schema import Column, Kind, Rows, Signature, Target, Task
from carafe.schema.rows import Cell, Record

TARGET = Target(name="y", task=Task.REGRESSION)

EXTREMES = (1e300, -1e300, 1.7976931348623157e308, 5e-324, -0.0, 0, 2.0**53, 3.5e38, True)


def signature(*columns: Column) -> Signature:
    return Signature(columns=columns, target=TARGET)


def number(name: str, *, nullable: bool = True, kind: Kind = Kind.NUMBER) -> Column:
    return Column(name=name, kind=kind, nullable=nullable)


def category(name: str, *categories: str | int, nullable: bool = True) -> Column:
    return Column(name=name, kind=Kind.CATEGORY, nullable=nullable, categories=categories)


def records_of(columns: Signature) -> st.SearchStrategy[list[tuple[Cell, ...]]]:
    """Return a strategy for a few records that fit a signature, odd values among them."""
    return st.lists(st.tuples(*map(_cells, columns.columns)), min_size=1, max_size=6)


def _cells(column: Column) -> st.SearchStrategy[Cell]:
    cells: dict[Kind, st.SearchStrategy[Any]] = {
        Kind.NUMBER: st.floats(allow_nan=False, allow_infinity=False)
        | st.floats(-10, 10)
        | st.integers(-9, 9)
        | st.sampled_from(EXTREMES),
        Kind.INTEGER: st.integers(-5, 20) | st.integers(-(2**53), 2**53),
        Kind.BOOLEAN: st.booleans(),
        Kind.CATEGORY: st.sampled_from([*map(str, column.categories), "", "none", "nan", "7", "03"])
        | st.text(max_size=3),
        Kind.TEXT: st.text(max_size=5),
        Kind.DATETIME: st.integers(-62135596800000000, 253402300799999999) | st.integers(-(10**6), 10**15),
    }
    return cells[column.kind] | st.none() if column.nullable else cells[column.kind]


def lowered(transformer: Any, columns: Signature, container: Container = CARAFE) -> Plan:
    """Lower, and come back from JSON as a worker does."""
    plan, names = lower_columns(transformer, signature=columns, container=container)
    assert len(names) == len(plan.outputs)
    return msgspec.json.decode(msgspec.json.encode(plan), type=Plan)


def fitted(
    transformer: Any, columns: Signature, records: Sequence[Record], container: Container = CARAFE
) -> NDArray[np.float64]:
    """Return what the fitted transformer itself gives for records."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        matrix = transformer.transform(build_table(container, columns, Rows.of_records(columns, records)))
    return np.asarray(matrix.toarray() if hasattr(matrix, "toarray") else matrix, dtype=np.float64)


def check(
    transformer: Any, columns: Signature, records: Sequence[Record], container: Container = CARAFE
) -> NDArray[np.float64] | None:
    """Hold the plan, over all rows, over one, and as a linear score, against the fitted transformer.

    Return the matrix; None where the transformer refuses the records, and the plan does, too.
    """
    plan = lowered(transformer, columns, container)
    try:
        expected = fitted(transformer, columns, records, container)
    except Exception:  # noqa: BLE001 - whatever a library refuses with
        check_refused(plan, columns, records)
        return None
    matrix = plan_matrix(plan, Rows.of_records(columns, records))
    assert matrix.dtype == np.float64
    assert matrix.flags.c_contiguous
    np.testing.assert_array_equal(matrix, expected)
    check_rowwise(plan, matrix, records)
    return matrix


def check_refused(plan: Plan, columns: Signature, records: Sequence[Record]) -> None:
    """Assert that the plan refuses the records, over all of them and one by one."""
    assert refusal(lambda: plan_matrix(plan, Rows.of_records(columns, records))) is not None
    encode = row_encoder(plan)
    alone = [refusal(lambda record=record: plan_matrix(plan, Rows.of_records(columns, [record]))) for record in records]
    assert any(alone)
    assert [refusal(lambda record=record: encode(record)) for record in records] == alone


def refusal(work: Any) -> str | None:
    """Return the message with which Carafe refuses to do the work, or None where it does it."""
    try:
        work()
    except CarafeError as error:
        return f"{error.slug}: {error}"
    return None


def check_rowwise(plan: Plan, matrix: NDArray[np.float64], records: Sequence[Record]) -> None:
    """Hold the generated functions against the plan's own matrix."""
    encode = row_encoder(plan)
    rows = [encode(record) for record in records]
    assert all(type(each) is float for row in rows for each in row)
    np.testing.assert_array_equal(np.array(rows).reshape(matrix.shape), matrix)
    draw = np.random.default_rng(0)
    for outputs in (1, 3):
        weights, intercepts = draw.normal(size=(matrix.shape[1], outputs)), draw.normal(size=outputs)
        score = linear_scorer(plan, weights, intercepts)
        scores = np.array([score(record) for record in records])
        with np.errstate(all="ignore"):
            expected = matrix @ weights + intercepts
            size = np.abs(matrix) @ np.abs(weights) + np.abs(intercepts)
            near = np.abs(scores - expected) <= 1e-12 * size
        assert scores.shape == expected.shape
        assert (near | ~np.isfinite(size)).all()
        assert (np.isfinite(scores) <= ~np.isnan(expected)).all()
