from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carafe.models.steps import Bin

AGES = [0, 18, 30, 60, 100]
GROUPS = ["child", "young", "adult", "old"]


def binned(step: Bin, *values: float) -> list[str]:
    return [str(label) for label in step.transform(pl.DataFrame({"age": [float(value) for value in values]})).ravel()]


@pytest.fixture
def ages() -> Bin:
    return Bin(edges=AGES, labels=GROUPS).fit(pl.DataFrame({"age": [1.0]}))


def test_a_bin_takes_its_lower_edge_and_leaves_its_upper_edge_to_the_next(ages: Bin) -> None:
    assert binned(ages, 0, 17.99, 18, 29, 30, 60, 99) == ["child", "child", "young", "young", "adult", "old", "old"]


def test_the_last_bin_takes_its_upper_edge(ages: Bin) -> None:
    assert binned(ages, 100) == ["old"]


def test_values_beyond_the_edges_fall_into_the_outermost_bins(ages: Bin) -> None:
    assert binned(ages, -5, 120) == ["child", "old"]


def test_a_missing_value_has_a_bin_of_its_own(ages: Bin) -> None:
    assert binned(ages, float("nan")) == ["missing"]


def test_without_labels_bins_are_called_by_their_edges() -> None:
    step = Bin(edges=[0, 0.5, 2]).fit(pl.DataFrame({"age": [1.0]}))
    assert binned(step, 0.1, 1) == ["0 to 0.5", "0.5 to 2"]


def test_quantiles_cut_the_training_values_into_parts_of_equal_count() -> None:
    step = Bin(quantiles=4).fit(pl.DataFrame({"age": [float(value) for value in range(8)] + [float("nan")]}))
    assert step.edges_ == [[1.75, 3.5, 5.25]]
    assert binned(step, 0, 1, 2, 3, 4, 5, 6, 7) == ["q1", "q1", "q2", "q2", "q3", "q3", "q4", "q4"]


def test_equal_quantiles_fall_together() -> None:
    step = Bin(quantiles=4, labels=["a", "b", "c", "d"]).fit(pl.DataFrame({"age": [0.0, 0.0, 0.0, 0.0, 5.0, 9.0]}))
    assert binned(step, 0, 5, 9) == ["q1", "q2", "q2"]


@pytest.mark.parametrize("values", [[7.0, 7.0], [float("nan"), float("nan")]])
def test_a_column_of_one_value_or_none_has_one_bin(values: list[float]) -> None:
    step = Bin(quantiles=4).fit(pl.DataFrame({"age": values}))
    assert binned(step, 0, 7, 9) == ["q1", "q1", "q1"]


@given(st.lists(st.floats(-1e9, 1e9), min_size=1), st.integers(2, 9), st.lists(st.floats(-1e9, 1e9), min_size=2))
def test_a_greater_value_is_never_in_a_lower_bin(known: list[float], quantiles: int, values: list[float]) -> None:
    step = Bin(quantiles=quantiles).fit(pl.DataFrame({"age": known}))
    assert binned(step, *sorted(values)) == sorted(binned(step, *values))


def test_codes_count_the_bins_in_order_and_put_a_missing_value_below() -> None:
    step = Bin(edges=AGES, labels=GROUPS, codes=True)
    assert step.fit_transform(pl.DataFrame({"age": [70.0, 5.0, float("nan"), 40.0]})).ravel().tolist() == [3, 0, -1, 2]


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (Bin(edges=[0, 18, 30], labels=["young"]), r"labels: got \['young'\], expected 2, one a bin"),
        (Bin(edges=[0, 30, 18]), r"edges: got \[0, 30, 18\], expected at least two numbers, each above the one before"),
        (Bin(edges=[0]), r"edges: got \[0\], expected at least two"),
        (Bin(edges=[0, float("nan"), 1]), r"edges: got \[0, nan, 1\], expected at least two"),
    ],
)
def test_edges_and_labels_that_make_no_bins_are_refused(step: Bin, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        step.fit(pl.DataFrame({"age": [1.0]}))
