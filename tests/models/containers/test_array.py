from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from carafe.errors import UnsupportedModel
from carafe.models.container import Shape
from carafe.models.containers.array import build, observe_array, observe_records, observe_texts
from carafe.models.containers.observed import Observed
from carafe.schema import Kind, Rows, Signature, Target, Task

TARGET = Target(name="y", task=Task.REGRESSION)


def rebuilt(seen: Observed) -> object:
    return build(seen.container, Signature(columns=seen.columns, target=TARGET), seen.rows)


@pytest.mark.parametrize(
    "array",
    [
        np.array([[1.5, np.nan], [2.0, 3.0]]),
        np.array([[1.5, 2.0]], dtype=np.float32),
        np.array([[True, False], [False, False]]),
        np.array([["a", "b"], ["c", "d"]]),
        np.array([["a", 1.5], ["b", 2.5]], dtype=object),
        np.array([["a", None], ["b", "c"]], dtype=object),
        np.array([["2020-01-01"], ["NaT"]], dtype="datetime64[D]"),
    ],
    ids=lambda array: str(array.dtype),
)
def test_an_array_comes_back_with_its_type_and_values(array: np.ndarray) -> None:
    again = rebuilt(observe_array(array))
    np.testing.assert_array_equal(again, array)
    assert isinstance(again, np.ndarray)
    assert again.dtype == array.dtype


def test_fractions_are_not_cut_where_the_sample_held_whole_numbers() -> None:
    seen = observe_array(np.array([[1, 2], [3, 4]]))
    assert [column.kind for column in seen.columns] == [Kind.NUMBER, Kind.NUMBER]
    signature = Signature(columns=seen.columns, target=TARGET)
    built = build(seen.container, signature, Rows((np.array([1.5]), np.array([2.5]))))
    assert np.asarray(built).tolist() == [[1.5, 2.5]]


def test_records_come_back_without_their_missing_values() -> None:
    records: list[dict[str, object]] = [{"a": 1.5, "b": "x"}, {"a": 2.5}, {"b": "y"}]
    seen = observe_records(records)
    assert seen.container.shape is Shape.RECORDS
    assert rebuilt(seen) == records


def test_objects_of_dates_are_date_times() -> None:
    seen = observe_array(np.array([[date(2020, 1, 1)], [None]], dtype=object))
    assert seen.columns[0].kind is Kind.DATETIME
    assert seen.columns[0].nullable


def test_texts_must_all_be_strings() -> None:
    assert observe_texts(["a", "b"]).columns[0].kind is Kind.TEXT
    with pytest.raises(UnsupportedModel, match="sample: got one value a row, int among them, expected strings"):
        observe_texts(["a", 1])


def test_strings_met_mostly_once_are_text_and_others_categories() -> None:
    words = np.array([[f"some words {n}", n % 3] for n in range(100)], dtype=str)
    assert [column.kind for column in observe_array(words).columns] == [Kind.TEXT, Kind.CATEGORY]
