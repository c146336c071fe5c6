from __future__ import annotations

import numpy as np
import pytest

from carafe.errors import InvalidInput
from carafe.schema import Column, Kind, Rows, Signature, Target, Task
from carafe.schema.refit import refitted
from carafe.schema.rows import encode_records
from served import EVERYTHING, HOUSES, everything

TARGET = Target(name="price", task=Task.REGRESSION)


def signature(*columns: Column) -> Signature:
    return Signature(columns=columns, target=TARGET)


def test_rows_of_the_same_columns_are_taken_as_they_are() -> None:
    rows = Rows.of_records(HOUSES, [(50.0, 3), (60.0, None)])
    assert refitted(rows, given=HOUSES, wanted=signature(*HOUSES.columns)) is rows


def test_columns_are_found_by_name_and_others_left_out() -> None:
    wanted = signature(HOUSES.columns[1], HOUSES.columns[0])
    for rows in (Rows.of_records(HOUSES, [(50.0, 3)]), encode_records(HOUSES, [(50, 3)])):
        bedrooms, area = refitted(rows, given=HOUSES, wanted=wanted).columns
        assert (bedrooms.tolist(), area.tolist()) == ([3.0], [50.0])
        (alone,) = refitted(rows, given=HOUSES, wanted=signature(HOUSES.columns[0])).columns
        assert alone.tolist() == [50.0]


def test_every_kind_of_column_survives_another_order() -> None:
    rows = encode_records(EVERYTHING, [everything(), everything(boolean=None, category=None, when=None)])
    wanted = Signature(columns=EVERYTHING.columns[::-1], target=EVERYTHING.target)
    found = refitted(rows, given=EVERYTHING, wanted=wanted)
    for column, other in zip(rows.columns, found.columns[::-1], strict=True):
        np.testing.assert_array_equal(column, other)


@pytest.mark.parametrize(
    "wanted",
    [
        signature(*HOUSES.columns, Column(name="garden", kind=Kind.NUMBER, nullable=True)),
        signature(HOUSES.columns[0], Column(name="bedrooms", kind=Kind.INTEGER)),
        signature(Column(name="area", kind=Kind.CATEGORY), HOUSES.columns[1]),
    ],
    ids=["a column that did not come", "a missing value that is not taken", "another kind"],
)
def test_rows_that_do_not_fit_are_refused(wanted: Signature) -> None:
    with pytest.raises(InvalidInput):
        refitted(Rows.of_records(HOUSES, [(50.0, None)]), given=HOUSES, wanted=wanted)
