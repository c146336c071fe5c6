from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from carafe.api.rows import rows_of
from carafe.errors import InvalidInput
from carafe.schema import Column, Kind, Signature, Target, Task

TARGET = Target(name="y", task=Task.REGRESSION)
TEXT = Signature(columns=(Column(name="text", kind=Kind.TEXT),), target=TARGET)
MIXED = Signature(
    columns=(
        Column(name="size", kind=Kind.NUMBER, nullable=True),
        Column(name="grade", kind=Kind.CATEGORY, categories=(1, 2)),
        Column(name="new", kind=Kind.BOOLEAN),
        Column(name="floor", kind=Kind.INTEGER),
    ),
    target=TARGET,
)


def plain(signature: Signature, rows: object) -> list[list[Any]]:
    return [column.tolist() for column in rows_of(signature, rows).columns]


@pytest.mark.parametrize("rows", [["a", "b"], np.array(["a", "b"], dtype=object), pd.Series(["a", "b"])], ids=type)
def test_a_flat_list_is_many_rows_of_a_model_of_one_column(rows: object) -> None:
    assert plain(TEXT, rows) == [["a", "b"]]


def test_a_flat_list_is_one_row_of_a_model_of_several_columns() -> None:
    assert plain(MIXED, [1.5, 2, True, 3]) == [[1.5], ["2"], [1.0], [3.0]]


def test_an_array_of_numbers_holds_categories_booleans_and_integers_as_numbers() -> None:
    assert plain(MIXED, np.array([[1.5, 2.0, 1.0, 3.0], [np.nan, 1.0, 0.0, -1.0]]))[1:] == [
        ["2", "1"],
        [1.0, 0.0],
        [3.0, -1.0],
    ]
    assert np.isnan(rows_of(MIXED, np.array([np.nan, 1.0, 0.0, -1.0])).columns[0]).all()


@pytest.mark.parametrize(
    ("row", "field"),
    [([1.0, 1.5, 1.0, 3.0], "grade"), ([1.0, 1.0, 2.0, 3.0], "new"), ([1.0, 1.0, 1.0, 3.5], "floor")],
)
def test_a_number_that_is_no_such_value_is_refused_by_field(row: list[float], field: str) -> None:
    with pytest.raises(InvalidInput, match=f"{field}: got"):
        rows_of(MIXED, np.array(row))


def test_an_array_of_another_width_is_refused() -> None:
    with pytest.raises(InvalidInput, match="got a list of 3, expected 4 values in this order: size, grade, new, floor"):
        rows_of(MIXED, np.zeros((2, 3)))
