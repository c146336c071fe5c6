from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from carafe.errors import InvalidRecipe, UnknownColumn, UntrainableTable
from carafe.schema import Task
from carafe.training.recipe import Data, Recipe, Split, SplitMethod
from carafe.training.split import folds, split_rows

ROWS = 100
START = datetime(2024, 1, 1)  # noqa: DTZ001 - as tables hold them
FRAME = pl.DataFrame(
    {
        "family": [row // 4 for row in range(ROWS)],
        "day": [START + timedelta(days=(row * 37) % ROWS) for row in range(ROWS)],
        "one": [1] * ROWS,
    }
)
LABELS = np.array(["no"] * 80 + ["yes"] * 20, dtype=object)
NUMBERS = np.arange(ROWS, dtype=np.float64)


def recipe(task: Task = Task.CLASSIFICATION, **split: Any) -> Recipe:  # noqa: ANN401 - keys of [split]
    return Recipe(data=Data(target="y", task=task), split=Split(**split))


def halves(frame: pl.DataFrame, target: NDArray[Any], which: Recipe) -> tuple[list[int], list[int], SplitMethod]:
    split = split_rows(frame, target, recipe=which)
    return split.train.tolist(), split.test.tolist(), split.method


def test_a_classification_is_stratified_unless_told_otherwise() -> None:
    train, test, method = halves(FRAME, LABELS, recipe())
    assert method is SplitMethod.STRATIFIED
    assert (len(train), len(test)) == (80, 20)
    assert sum(LABELS[test] == "yes") == 4


def test_a_regression_is_split_at_random() -> None:
    assert halves(FRAME, NUMBERS, recipe(Task.REGRESSION))[2] is SplitMethod.RANDOM


@pytest.mark.parametrize("method", SplitMethod)
def test_the_same_seed_gives_the_same_rows_and_another_seed_others(method: SplitMethod) -> None:
    column = {SplitMethod.GROUP: "family", SplitMethod.TIME: "day"}.get(method)
    first, again, other = (halves(FRAME, LABELS, recipe(method=method, column=column, seed=s)) for s in (1, 1, 2))
    assert first == again
    assert (first == other) is (method is SplitMethod.TIME)


def test_a_class_that_comes_once_makes_auto_random_and_stratified_impossible() -> None:
    labels = np.array(["no"] * 99 + ["yes"], dtype=object)
    assert halves(FRAME, labels, recipe())[2] is SplitMethod.RANDOM
    with pytest.raises(UntrainableTable, match="class 'yes' has 1 rows: a stratified split needs at least 2 of each"):
        split_rows(FRAME, labels, recipe=recipe(method=SplitMethod.STRATIFIED))


def test_a_hold_out_too_small_for_every_class_is_random() -> None:
    labels = np.repeat(np.arange(50), 2)
    assert halves(FRAME, labels, recipe())[2] is SplitMethod.RANDOM
    with pytest.raises(UntrainableTable, match="50 classes do not fit into a hold-out of 20 rows"):
        split_rows(FRAME, labels, recipe=recipe(method=SplitMethod.STRATIFIED))


def test_a_regression_can_not_be_stratified() -> None:
    with pytest.raises(InvalidRecipe, match=r"split\.method = \"stratified\" needs classes"):
        split_rows(FRAME, NUMBERS, recipe=recipe(Task.REGRESSION, method=SplitMethod.STRATIFIED))


def test_a_group_is_wholly_on_one_side() -> None:
    train, test, method = halves(FRAME, LABELS, recipe(method=SplitMethod.GROUP, column="family"))
    assert method is SplitMethod.GROUP
    families = FRAME["family"].to_numpy()
    assert not set(families[train]) & set(families[test])
    assert len(test) == 20


def test_rows_without_a_group_are_one_group() -> None:
    frame = FRAME.with_columns(pl.when(pl.col("family") < 5).then(None).otherwise(pl.col("family")).alias("family"))
    _, test, _ = halves(frame, LABELS, recipe(method=SplitMethod.GROUP, column="family"))
    assert len(set(test) & set(range(20))) in {0, 20}


def test_the_latest_rows_are_held_out_in_the_order_of_time() -> None:
    train, test, _ = halves(FRAME, LABELS, recipe(method=SplitMethod.TIME, column="day"))
    days = FRAME["day"].to_numpy()
    assert len(test) == 20
    assert max(days[train]) < min(days[test])
    assert list(days[train]) == sorted(days[train])


def test_rows_of_one_moment_are_on_one_side() -> None:
    frame = FRAME.with_columns(pl.Series("day", [0] * 50 + [1] * 45 + [2] * 5))
    _, test, _ = halves(frame, LABELS, recipe(method=SplitMethod.TIME, column="day"))
    assert test == list(range(95, 100))


@pytest.mark.parametrize(
    ("method", "message"),
    [(SplitMethod.GROUP, "column 'one' has one group only"), (SplitMethod.TIME, "column 'one' has one moment only")],
)
def test_one_group_or_one_moment_can_not_be_split(method: SplitMethod, message: str) -> None:
    with pytest.raises(UntrainableTable, match=message):
        split_rows(FRAME, LABELS, recipe=recipe(method=method, column="one"))


def test_the_column_to_split_by_must_exist() -> None:
    with pytest.raises(UnknownColumn, match="there is no column 'famly'; did you mean 'family'"):
        split_rows(FRAME, LABELS, recipe=recipe(method=SplitMethod.GROUP, column="famly"))


def test_one_row_can_not_be_split() -> None:
    with pytest.raises(UntrainableTable, match="the table has 1 rows with a target: a hold-out needs at least 2"):
        split_rows(FRAME.head(1), NUMBERS[:1], recipe=recipe(Task.REGRESSION))


@given(
    st.integers(2, 60),
    st.floats(0.001, 0.999),
    st.sampled_from(SplitMethod),
    st.integers(0, 2**32 - 1),
    st.lists(st.integers(0, 3), min_size=60, max_size=60),
)
def test_every_row_is_on_one_side_and_both_have_rows(
    rows: int, test_size: float, method: SplitMethod, seed: int, labels: list[int]
) -> None:
    frame = pl.DataFrame({"g": [row % 7 for row in range(rows)]})
    target = np.array(labels[:rows])
    which = recipe(method=method, column="g", test_size=test_size, seed=seed)
    try:
        train, test, _ = halves(frame, target, which)
    except UntrainableTable:
        assert method is SplitMethod.STRATIFIED
        return
    assert sorted(train + test) == list(range(rows))
    assert train
    assert test


@pytest.mark.parametrize("method", SplitMethod)
def test_folds_are_made_as_the_hold_out_is_made(method: SplitMethod) -> None:
    column = {SplitMethod.GROUP: "family", SplitMethod.TIME: "day"}.get(method)
    made = folds(FRAME, LABELS, recipe=recipe(method=method, column=column))
    assert len(made) == 5
    for train, validation in made:
        assert not set(train) & set(validation)
        if method in {SplitMethod.AUTO, SplitMethod.STRATIFIED}:
            assert sum(LABELS[validation] == "yes") == 4
        if method is SplitMethod.GROUP:
            families = FRAME["family"].to_numpy()
            assert not set(families[train]) & set(families[validation])
        if method is SplitMethod.TIME:
            days = FRAME["day"].to_numpy()
            assert max(days[train]) < min(days[validation])
    if method is not SplitMethod.TIME:
        assert sorted(row for _, validation in made for row in validation) == list(range(ROWS))


def test_there_are_as_many_folds_as_the_rarest_class_allows() -> None:
    labels = np.array(["no"] * 97 + ["yes"] * 3, dtype=object)
    assert len(folds(FRAME, labels, recipe=recipe())) == 3
    assert len(folds(FRAME.head(3), NUMBERS[:3], recipe=recipe(Task.REGRESSION))) == 3


def test_cross_validation_needs_two_rows() -> None:
    with pytest.raises(UntrainableTable, match="cross-validation needs at least 2 rows or groups, and there are 1"):
        folds(FRAME.head(1), NUMBERS[:1], recipe=recipe(Task.REGRESSION))


def test_folds_of_a_class_that_comes_once_are_random() -> None:
    labels = np.array(["no"] * 99 + ["yes"], dtype=object)
    assert len(folds(FRAME, labels, recipe=recipe(method=SplitMethod.STRATIFIED))) == 5
