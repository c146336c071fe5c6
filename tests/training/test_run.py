from __future__ import annotations

import msgspec
import numpy as np
import polars as pl
import pytest

from carafe.errors import UnknownColumn, UntrainableTable
from carafe.schema import Kind, Task
from carafe.training.algorithms.algorithm import Setting
from carafe.training.auto import choose as choosing
from carafe.training.auto.portfolio import Entry, Portfolio
from carafe.training.progress import Step
from carafe.training.recipe import (
    Clean,
    ColumnRecipe,
    Data,
    Duplicates,
    Missing,
    ModelChoice,
    Recipe,
    Split,
    SplitMethod,
)
from carafe.training.result import TrainingResult
from carafe.training.run import plan_run, train
from conftest import need
from small_tables import flats, recipe


def figures(result: TrainingResult) -> list[tuple[str, float, float | None]]:
    return [(metric.name, metric.value, metric.baseline) for metric in result.metrics]


def answers(result: TrainingResult) -> list[object]:
    answered: list[object] = result.estimator.predict(result.holdout.data.frame()).tolist()
    return answered


QUICK = {
    Task.REGRESSION: ("ridge", "tree", "knn"),
    Task.CLASSIFICATION: ("logistic", "tree", "knn"),
}


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let auto compare candidates that are fitted in a moment."""

    def few(setting: Setting) -> Portfolio:
        return Portfolio(candidates=tuple(Entry(label=name, algorithm=name) for name in QUICK[setting.task]))

    monkeypatch.setattr(choosing, "portfolio", few)


@pytest.mark.parametrize("algorithm", ["forest", "extra-trees", "boosting", "lightgbm", "svm", "mlp"])
@pytest.mark.parametrize("target", ["rent", "let"])
def test_an_algorithm_that_draws_at_random_draws_the_same_again(target: str, algorithm: str) -> None:
    if algorithm == "lightgbm":
        need("libgomp1")
    first, second = (train(flats(), recipe=recipe(target, algorithm)) for _ in range(2))
    assert figures(first) == figures(second)
    assert answers(first) == answers(second)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("target", ["rent", "let"])
def test_the_same_table_recipe_and_seed_give_the_same_model_and_the_same_figures(target: str) -> None:
    first, second = train(flats(), recipe=recipe(target)), train(flats(), recipe=recipe(target))
    assert figures(first) == figures(second)
    assert answers(first) == answers(second)
    assert first.importance == second.importance
    assert first.recipe == second.recipe
    assert first.holdout.sha256 == second.holdout.sha256


def test_another_seed_holds_other_rows_out() -> None:
    first, second = (
        train(flats(), recipe=recipe("rent", "ridge")),
        train(flats(), recipe=recipe("rent", "ridge", seed=1)),
    )
    assert first.holdout.sha256 != second.holdout.sha256
    assert first.data_sha256 == second.data_sha256


def test_the_same_held_out_rows_have_one_digest_whatever_the_recipe_makes_of_the_columns() -> None:
    usual = recipe("rent", "ridge")
    column = ColumnRecipe(name="rooms", kind=Kind.CATEGORY)
    kind = msgspec.structs.replace(usual, columns=(*(c for c in usual.columns if c.name != "rooms"), column))
    dropped = msgspec.structs.replace(usual, columns=(*usual.columns, ColumnRecipe(name="city", use=False)))
    results = [train(flats(), recipe=chosen) for chosen in (usual, kind, dropped, recipe("rent", "tree"))]
    assert {column.name: column.kind for column in results[1].signature.columns}["rooms"] is Kind.CATEGORY
    assert "city" not in results[2].signature.names
    assert len({result.holdout.sha256 for result in results}) == 1
    assert len({result.data_sha256 for result in results}) == 1


def test_other_held_out_rows_have_another_digest() -> None:
    chosen = recipe("rent", "ridge")
    changed = flats().with_columns(area=pl.col("area") + 1)
    assert train(flats(), recipe=chosen).holdout.sha256 != train(changed, recipe=chosen).holdout.sha256


def test_rows_without_a_target_are_in_no_digest() -> None:
    frame = flats()
    without = pl.concat([frame, frame.head(5).with_columns(rent=pl.lit(None, dtype=frame["rent"].dtype))])
    first, second = (train(table, recipe=recipe("rent", "ridge")) for table in (frame, without))
    assert first.holdout.sha256 == second.holdout.sha256
    assert first.data_sha256 == second.data_sha256


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("target", ["rent", "let"])
def test_the_stored_recipe_gives_the_same_model_without_a_comparison(target: str) -> None:
    first = train(flats(), recipe=recipe(target))
    stored = Recipe.from_toml(first.recipe.to_toml())
    assert stored.model.algorithm != "auto"
    second = train(flats(), recipe=stored)
    assert second.candidates == ()
    assert answers(first) == answers(second)
    assert figures(first) == figures(second)
    assert second.recipe == first.recipe


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("target", ["rent", "let"])
def test_what_stands_in_the_held_out_rows_has_no_influence_on_the_model(target: str) -> None:
    frame, chosen = flats(), recipe(target)
    study, split, _ = plan_run(frame, recipe=chosen)
    held = np.isin(np.arange(frame.height), split.test)
    poisoned = frame.with_columns(
        area=pl.when(pl.Series(held)).then(pl.col("area") * 1e6).otherwise(pl.col("area")),
        rent=pl.when(pl.Series(held)).then(pl.col("rent").reverse()).otherwise(pl.col("rent")),
        city=pl.when(pl.Series(held)).then(pl.lit("Atlantis")).otherwise(pl.col("city")),
    )
    clean, dirty = train(frame, recipe=chosen), train(poisoned, recipe=chosen)
    assert clean.signature == dirty.signature
    assert clean.recipe == dirty.recipe
    assert [c.score for c in clean.candidates] == [c.score for c in dirty.candidates]
    assert answers(clean) == clean.estimator.predict(clean.holdout.data.frame()).tolist()
    assert answers(clean) == dirty.estimator.predict(clean.holdout.data.frame()).tolist()
    assert study.task == clean.signature.target.task


def test_rows_without_a_target_are_left_out_and_said() -> None:
    frame = flats().with_columns(rent=pl.when(pl.int_range(pl.len()) < 7).then(None).otherwise(pl.col("rent")))
    result = train(frame, recipe=recipe("rent", "ridge"))
    assert "7 rows without rent are left out" in result.notes
    assert result.rows + result.holdout.data.count == 113


def test_without_any_target_there_is_nothing_to_learn() -> None:
    with pytest.raises(UntrainableTable, match="'rent'"):
        train(flats().with_columns(rent=pl.lit(None, dtype=pl.Float64)), recipe=recipe("rent"))


def test_a_constant_target_is_refused() -> None:
    with pytest.raises(UntrainableTable, match="rent"):
        train(flats().with_columns(rent=pl.lit(5.0)), recipe=recipe("rent"))


def test_numbers_whose_squares_overflow_are_refused() -> None:
    with pytest.raises(UntrainableTable, match=r"numbers above 1e\+100: give it in a larger unit"):
        train(flats().with_columns(rent=pl.col("rent") * 1e200), recipe=recipe("rent"))


def test_labels_that_come_once_are_refused() -> None:
    frame = pl.DataFrame({"x": range(30), "y": [f"label {index}" for index in range(30)]})
    with pytest.raises(UntrainableTable, match="30 different labels in 30 rows: most come once"):
        train(frame, recipe=Recipe(data=Data(target="y")))


def test_a_regression_on_words_is_refused() -> None:
    chosen = msgspec.structs.replace(recipe("let"), data=Data(target="let", task=Task.REGRESSION))
    with pytest.raises(UntrainableTable, match="a regression needs numbers, and 'let' holds String"):
        train(flats(), recipe=chosen)


def test_a_target_or_a_column_that_is_not_there_is_named() -> None:
    with pytest.raises(UnknownColumn, match="no column 'rend'; did you mean 'rent'"):
        train(flats(), recipe=Recipe(data=Data(target="rend")))
    with pytest.raises(UnknownColumn, match="no column 'aria'; did you mean 'area'"):
        train(flats(), recipe=Recipe(data=Data(target="rent"), columns=(ColumnRecipe(name="aria"),)))


@pytest.mark.parametrize(
    ("labels", "classes"),
    [([0, 1], (0, 1)), ([False, True], (False, True)), (["b", "a"], ("a", "b")), ([1.0, 2.0], (1.0, 2.0))],
)
def test_labels_keep_their_own_type(labels: list[object], classes: tuple[object, ...]) -> None:
    frame = flats().with_columns(sold=pl.Series([labels[index % 2] for index in range(120)]))
    result = train(frame, recipe=Recipe(data=Data(target="sold"), model=ModelChoice(algorithm="tree")))
    assert result.signature.target.classes == classes
    assert [type(label) for label in result.signature.target.classes] == [type(label) for label in classes]
    assert result.estimator.classes_.tolist() == list(classes)


def test_two_fractions_are_numbers_unless_asked_for_as_labels_which_they_can_not_be() -> None:
    frame = flats().with_columns(rate=pl.Series([(1.5, 2.5)[index % 2] for index in range(120)]))
    result = train(frame, recipe=Recipe(data=Data(target="rate"), model=ModelChoice(algorithm="tree")))
    assert result.signature.target.task is Task.REGRESSION
    assert "rate holds two fractions, which are numbers to learn and no labels" in result.notes
    with pytest.raises(UntrainableTable, match="'rate' holds fractions, which are no labels"):
        train(frame, recipe=Recipe(data=Data(target="rate", task=Task.CLASSIFICATION)))


def test_a_class_that_only_the_hold_out_has_is_no_answer() -> None:
    frame = flats().with_columns(kind=pl.Series(["a", "b"] * 59 + ["c", "c"]), moment=pl.int_range(pl.len()))
    split = Split(method=SplitMethod.TIME, column="moment")
    chosen = Recipe(data=Data(target="kind"), split=split, model=ModelChoice(algorithm="logistic"))
    result = train(frame, recipe=chosen)
    assert result.signature.target.classes == ("a", "b")
    assert "c" in result.holdout.data.target


def test_training_rows_of_one_class_are_refused() -> None:
    frame = flats().with_columns(kind=pl.Series(["a"] * 110 + ["b"] * 10), moment=pl.int_range(pl.len()))
    split = Split(method=SplitMethod.TIME, column="moment")
    with pytest.raises(UntrainableTable, match="all 96 training rows are 'a'"):
        train(frame, recipe=Recipe(data=Data(target="kind"), split=split))


def test_a_group_stands_on_one_side_of_the_split() -> None:
    frame = flats().with_columns(owner=pl.Series([f"owner {index % 12}" for index in range(120)]))
    split = Split(method=SplitMethod.GROUP, column="owner")
    chosen = Recipe(data=Data(target="rent"), split=split, model=ModelChoice(algorithm="forest"))
    study, parts, _ = plan_run(frame, recipe=chosen)
    owners = study.typed["owner"].to_numpy()
    assert not set(owners[parts.train]) & set(owners[parts.test])
    assert train(frame, recipe=chosen).metrics


def test_rows_on_both_sides_of_the_split_are_warned_of() -> None:
    frame = pl.concat([flats(60), flats(60)])
    result = train(frame, recipe=recipe("rent", "ridge"))
    assert any("held-out rows" in warning and "equal a training row" in warning for warning in result.warnings)
    assert "rows equal an earlier one: kept" in " ".join(result.notes)


def test_duplicates_are_dropped_from_the_training_rows_where_the_recipe_says_so() -> None:
    frame = pl.concat([flats(60), flats(60)])
    chosen = msgspec.structs.replace(recipe("rent", "ridge"), clean=Clean(duplicates=Duplicates.DROP))
    result = train(frame, recipe=chosen)
    assert result.rows < 96
    assert result.holdout.data.count == 24


def test_whole_numbers_that_are_interpolated_need_not_be_whole() -> None:
    rooms = [None if index % 9 == 4 else index % 4 for index in range(120)]
    frame = flats().with_columns(rooms=pl.Series(rooms))
    column = ColumnRecipe(name="rooms", missing=Missing.INTERPOLATE)
    chosen = Recipe(data=Data(target="rent"), columns=(column,), model=ModelChoice(algorithm="ridge"))
    result = train(frame, recipe=chosen)
    kinds = {column.name: column.kind for column in result.signature.columns}
    assert kinds["rooms"] is Kind.NUMBER
    assert any("missing values of rooms: interpolated" in note for note in result.notes)


def test_what_a_progress_raises_ends_the_run() -> None:
    def cancel(step: Step) -> None:
        if step.done > 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(flats(), recipe=recipe("rent", "ridge"), progress=cancel)
