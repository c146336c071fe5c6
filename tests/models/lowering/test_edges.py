from __future__ import annotations

import math

import msgspec
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from carafe.models.golden import UNSEEN, plain_rows
from carafe.models.lowering.edges import MIXED, MOST, edge_rows
from carafe.schema import Column, Kind, Rows, Signature, Target, Task
from carafe.schema.rows import encode_records, records_of

COLUMNS = (
    Column(name="size", kind=Kind.NUMBER, nullable=True, minimum=1.5, maximum=9.0),
    Column(name="rooms", kind=Kind.INTEGER),
    Column(name="garden", kind=Kind.BOOLEAN, nullable=True),
    Column(name="city", kind=Kind.CATEGORY, categories=("Bern", "Rome")),
    Column(name="code", kind=Kind.CATEGORY, categories=(1, 2, 3), nullable=True),
    Column(name="note", kind=Kind.TEXT),
    Column(name="built", kind=Kind.DATETIME, nullable=True),
)
SIGNATURE = Signature(columns=COLUMNS, target=Target(name="y", task=Task.REGRESSION))
SAMPLE = encode_records(
    SIGNATURE,
    [[n / 7, n, bool(n % 2), "Bern", n % 3 + 1, f"note {n}", f"2024-03-{n + 1:02}T01:02:03"] for n in range(20)],
)


def sent_back(signature: Signature, rows: Rows) -> Rows:
    """Return rows after a trip through JSON and strict validation."""
    written = msgspec.json.decode(msgspec.json.encode(list(plain_rows(signature, rows))))
    return encode_records(signature, written)


def test_every_edge_row_passes_strict_validation_as_it_is() -> None:
    edges = edge_rows(SIGNATURE, SAMPLE, thresholds={0: [2.5], 1: [3.5]})
    rows = Rows(Rows.of_records(SIGNATURE, edges.records).columns)
    for before, after in zip(rows.columns, sent_back(SIGNATURE, rows).columns, strict=True):
        np.testing.assert_array_equal(before, after)
    assert len(edges.records) == len(edges.about)
    assert len(edges.records) <= MOST + MIXED + 6


def test_nulls_unseen_categories_bounds_and_thresholds_are_among_them() -> None:
    edges = edge_rows(SIGNATURE, SAMPLE, thresholds={0: [2.5]})
    values = [{record[index] for record in edges.records} for index in range(len(COLUMNS))]
    assert {None, 0.0, 1e300, 1.5, 9.0, 2.5, math.nextafter(2.5, 3), math.nextafter(2.5, 2)} <= values[0]
    assert {0, -1, 2**53, -(2**53)} <= values[1]
    assert values[2] == {None, False, True}
    assert {"", UNSEEN, "Bern", "Rome", "BERN", "nan"} <= values[3]
    assert None not in values[3]
    assert {None, "1", "2", "3", "007"} <= values[4]
    assert {None, 0, -62_135_596_800_000_000, 253_402_300_799_999_999} <= values[6]
    assert edges.about[0] == "size = null"
    assert "every null that is allowed" in edges.about


def test_of_many_columns_no_more_rows_are_made_and_every_column_has_its_turn() -> None:
    columns = tuple(Column(name=f"x{n}", kind=Kind.NUMBER) for n in range(100))
    signature = Signature(columns=columns, target=SIGNATURE.target)
    edges = edge_rows(signature, encode_records(signature, [[1.0] * 100, [2.0] * 100]))
    assert len(edges.records) <= MOST + MIXED + 6
    assert {about.split(" = ")[0] for about in edges.about} >= set(signature.names)


def test_rows_that_no_client_could_send_lend_nothing() -> None:
    signature = Signature(columns=COLUMNS[:1], target=SIGNATURE.target)
    infinite = Rows((np.array([np.inf, np.inf]),))
    assert edge_rows(signature, infinite).records == ()
    assert {record[0] for record in edge_rows(signature, Rows((np.array([np.inf, 2.0]),))).records} >= {2.0, None}


@given(st.lists(st.none() | st.floats(allow_nan=False), min_size=1, max_size=5))
def test_records_are_the_rows_they_were_made_of(numbers: list[float | None]) -> None:
    signature = Signature(columns=COLUMNS[:1], target=SIGNATURE.target)
    rows = Rows((np.array(numbers, dtype=np.float64),))
    records = records_of(signature, rows)
    assert [record[0] for record in records] == numbers
    assert records_of(signature, Rows.of_records(signature, records)) is records


def test_the_same_arguments_give_the_same_rows() -> None:
    assert edge_rows(SIGNATURE, SAMPLE).records == edge_rows(SIGNATURE, SAMPLE).records
