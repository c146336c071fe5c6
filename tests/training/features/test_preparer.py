from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline

from carafe.errors import InvalidRecipe, UntrainableTable
from carafe.models.flavours import sklearn as flavour
from carafe.models.frames import polars_frame
from carafe.models.steps import DatePart
from carafe.schema import Column, Kind, Signature, Target, Task
from carafe.tables import cast_frame, profile_table, read_table, rows_from_frame, signature_of
from carafe.training.features import Family, build_preparer
from carafe.training.recipe import (
    Bins,
    ColumnRecipe,
    Data,
    Elapsed,
    Encode,
    Features,
    Missing,
    Outliers,
    Product,
    Ratio,
    Recipe,
    Scale,
    Sum,
    Text,
)

NAN = float("nan")
ROWS = 200
ZONES = [f"zone {number:02d}" for number in range(40)]
SIGNATURE = Signature(
    columns=(
        Column(name="age", kind=Kind.NUMBER, nullable=True),
        Column(name="rooms", kind=Kind.INTEGER),
        Column(name="garden", kind=Kind.BOOLEAN, nullable=True),
        Column(name="sex", kind=Kind.CATEGORY, nullable=True, categories=("female", "male")),
        Column(name="zone", kind=Kind.CATEGORY, categories=tuple(ZONES)),
        Column(name="note", kind=Kind.TEXT, nullable=True),
        Column(name="start", kind=Kind.DATETIME),
        Column(name="end", kind=Kind.DATETIME, nullable=True),
    ),
    target=Target(name="sold", task=Task.CLASSIFICATION, classes=("no", "yes")),
)


def made(rows: int = ROWS, seed: int = 0) -> tuple[pl.DataFrame, np.ndarray[Any, Any]]:
    draw = np.random.default_rng(seed)
    start = draw.integers(1_600_000_000, 1_700_000_000, rows) * 1_000_000
    frame = pl.DataFrame(
        {
            "age": np.where(draw.random(rows) < 0.2, NAN, draw.normal(40, 10, rows)),
            "rooms": draw.integers(1, 9, rows).astype(float),
            "garden": np.where(draw.random(rows) < 0.1, NAN, draw.integers(0, 2, rows)),
            "sex": [[None, "female", "male"][i] for i in draw.integers(0, 3, rows)],
            "zone": [ZONES[i] for i in draw.integers(0, 40, rows)],
            "note": [[None, "quiet house", "garden, quiet", "old"][i] for i in draw.integers(0, 4, rows)],
            "start": pl.Series(start).cast(pl.Datetime("us")),
            "end": pl.Series([None if i % 9 == 0 else s + 3_600_000_000 for i, s in enumerate(start)]).cast(
                pl.Datetime("us")
            ),
        }
    )
    return frame, np.where(draw.random(rows) < 0.5, "no", "yes").astype(object)


FRAME, LABELS = made()
NO_ZONE = ColumnRecipe(name="zone", use=False)
"""For a few rows: the target's mean needs at least five."""

EVERYTHING = Features(
    ratios=(Ratio(name="age_per_room", numerator="age", denominator="rooms"),),
    products=(Product(name="age_rooms", factors=("age", "rooms")),),
    sums=(Sum(name="age_plus_rooms", terms=("age", "rooms")),),
    elapsed=(Elapsed(name="stay", start="start", end="end"),),
)


def recipe(*columns: ColumnRecipe, features: Features = EVERYTHING, task: Task = Task.CLASSIFICATION) -> Recipe:
    return Recipe(data=Data(target="sold", task=task), columns=columns, features=features)


def prepared(
    *columns: ColumnRecipe, family: Family = Family.TREES, only: str | None = None, frame: pl.DataFrame = FRAME
) -> tuple[Pipeline, dict[str, list[float]]]:
    """Fit a preparer; return it with its features by name. With ``only``, of that column alone."""
    signature, features = SIGNATURE, EVERYTHING
    if only is not None:
        column = SIGNATURE.columns[SIGNATURE.position[only]]
        signature, features = Signature(columns=(column,), target=SIGNATURE.target), Features()
    preparer = build_preparer(recipe=recipe(*columns, features=features), signature=signature, family=family)
    matrix = dense(preparer.fit_transform(frame.select(signature.names), LABELS[: frame.height]))
    return preparer, dict(zip(preparer.get_feature_names_out(), matrix.T.tolist(), strict=True))


def dense(matrix: Any) -> np.ndarray[Any, Any]:  # noqa: ANN401 - an array or a sparse matrix
    return np.asarray(matrix.toarray() if hasattr(matrix, "toarray") else matrix)


each_family = pytest.mark.parametrize("family", Family)


@each_family
def test_the_matrix_is_finite_floats_under_different_names_in_every_family(family: Family) -> None:
    preparer, features = prepared(family=family)
    matrix = preparer.transform(FRAME)
    assert matrix.dtype == np.float64
    assert matrix.shape == (ROWS, len(features))
    assert np.isfinite(dense(matrix)).all() or family is Family.BOOSTING


@each_family
def test_rows_never_seen_are_prepared_like_the_others(family: Family) -> None:
    preparer, _ = prepared(family=family)
    stranger = FRAME.head(1).with_columns(
        age=pl.lit(1e12),
        sex=pl.lit("unheard of"),
        zone=pl.lit("nowhere"),
        note=pl.lit("strange words"),
        garden=pl.lit(NAN),
    )
    assert np.isfinite(dense(preparer.transform(stranger))).all() or family is Family.BOOSTING


@each_family
def test_one_row_gives_what_it_gave_among_the_others(family: Family) -> None:
    preparer, _ = prepared(family=family)
    alone = np.vstack([dense(preparer.transform(FRAME.slice(row, 1))) for row in range(20)])
    np.testing.assert_array_equal(alone, dense(preparer.transform(FRAME))[:20])


@each_family
def test_the_same_rows_and_recipe_give_the_same_matrix(family: Family) -> None:
    preparer, _ = prepared(family=family)
    again = clone(preparer).fit(FRAME, LABELS)
    np.testing.assert_array_equal(dense(again.transform(FRAME)), dense(preparer.transform(FRAME)))


@each_family
def test_what_is_learnt_is_learnt_from_the_rows_it_was_fitted_on_alone(family: Family) -> None:
    """The hold-out's values change nothing: not the medians, scales, categories, means, bounds, bins or words."""
    columns = (
        ColumnRecipe(name="age", outliers=Outliers.CLIP),
        ColumnRecipe(name="rooms", bins=Bins(quantiles=3, keep=True)),
    )
    preparer, _ = prepared(*columns, family=family, frame=FRAME.head(150))
    before = dense(preparer.transform(FRAME.head(150)))
    strange = FRAME.tail(50).with_columns(
        age=pl.lit(1e9), sex=pl.lit("new"), zone=pl.lit("new"), note=pl.lit("new new"), rooms=pl.lit(1e9)
    )
    preparer.transform(strange)
    np.testing.assert_array_equal(dense(preparer.transform(FRAME.head(150))), before)
    both, _ = prepared(*columns, family=family, frame=pl.concat([FRAME.head(150), strange]))
    assert dense(both.transform(FRAME.head(150))).shape != before.shape or not np.array_equal(
        dense(both.transform(FRAME.head(150))), before
    )


@each_family
def test_a_preparer_refuses_to_work_before_it_is_fitted(family: Family) -> None:
    preparer = build_preparer(recipe=recipe(), signature=SIGNATURE, family=family)
    with pytest.raises(NotFittedError):
        preparer.transform(FRAME)


@each_family
def test_a_fitted_preparer_can_be_stored_and_read_again(family: Family) -> None:
    columns = (
        ColumnRecipe(name="age", outliers=Outliers.REPLACE, missing_values=(0.0,)),
        ColumnRecipe(name="rooms", outliers=Outliers.ISOLATE, bins=Bins(edges=(0, 3, 9), keep=True)),
    )
    preparer, _ = prepared(*columns, family=family)
    assert flavour.dump(preparer)


@each_family
def test_a_column_of_missing_values_alone_breaks_nothing(family: Family) -> None:
    frame = FRAME.with_columns(age=pl.lit(NAN), note=pl.lit(None, dtype=pl.String), sex=pl.lit(None, dtype=pl.String))
    preparer, _ = prepared(family=family, frame=frame)
    assert dense(preparer.transform(FRAME)).shape[0] == ROWS


# --- numbers -------------------------------------------------------------------------------------------------------

SMALL = pl.DataFrame({"age": [20.0, 40.0, NAN, 90.0]})


def test_trees_get_filled_unscaled_numbers_and_a_flag_for_the_missing_ones() -> None:
    assert prepared(only="age", frame=SMALL)[1] == {"age": [20, 40, 40, 90], "age_missing": [0, 0, 1, 0]}


def test_boosting_gets_missing_numbers_as_they_are() -> None:
    _, features = prepared(only="age", frame=SMALL, family=Family.BOOSTING)
    assert list(features) == ["age"]
    np.testing.assert_array_equal(features["age"], [20, 40, NAN, 90])


@pytest.mark.parametrize("family", [Family.LINEAR, Family.DISTANCE])
def test_lines_and_distances_get_numbers_of_mean_0_and_deviation_1(family: Family) -> None:
    values = np.array(prepared(only="rooms", family=family)[1]["rooms"])
    assert values.mean() == pytest.approx(0)
    assert values.std() == pytest.approx(1)


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (ColumnRecipe(name="age", missing=Missing.MEAN), {"age": [20, 40, 50, 90]}),
        (ColumnRecipe(name="age", missing=Missing.MEDIAN), {"age": [20, 40, 40, 90]}),
        (ColumnRecipe(name="age", missing=Missing.MOST_FREQUENT), {"age": [20, 40, 20, 90]}),
        (ColumnRecipe(name="age", missing=Missing.CONSTANT, fill=-1.0), {"age": [20, 40, -1, 90]}),
        (ColumnRecipe(name="age", missing=Missing.DROP), {"age": [20, 40, 40, 90]}),
        (ColumnRecipe(name="age", missing=Missing.INTERPOLATE), {"age": [20, 40, 40, 90]}),
        (
            ColumnRecipe(name="age", missing=Missing.INDICATOR),
            {"age": [20, 40, 40, 90], "age_missing": [0, 0, 1, 0]},
        ),
        (
            ColumnRecipe(name="age", missing=Missing.MEDIAN, missing_values=(90.0,)),
            {"age": [20, 40, 30, 30]},
        ),
        (
            ColumnRecipe(name="age", missing=Missing.MEDIAN, scale=Scale.MIN_MAX),
            {"age": pytest.approx([0, 2 / 7, 2 / 7, 1])},
        ),
        (
            ColumnRecipe(name="age", missing=Missing.MEDIAN, scale=Scale.ROBUST),
            {"age": pytest.approx([-20 / 17.5, 0, 0, 50 / 17.5])},
        ),
        (
            ColumnRecipe(name="age", missing=Missing.MEDIAN, outliers=Outliers.CLIP, outlier_factor=0.5),
            {"age": [20, 40, 40, 82.5]},
        ),
        (
            ColumnRecipe(name="age", missing=Missing.MEDIAN, outliers=Outliers.REPLACE, outlier_factor=0.5),
            {"age": [20, 40, 30, 30]},
        ),
        (
            ColumnRecipe(name="age", missing=Missing.MEDIAN, outliers=Outliers.ISOLATE, outlier_factor=0.5),
            {"age": [20, 40, 40, 90], "age_outlier": [0, 0, 0, 1]},
        ),
        (
            ColumnRecipe(name="age", missing=Missing.MEDIAN, bins=Bins(edges=(0, 30, 60), labels=("young", "old"))),
            {"age_missing": [0, 0, 1, 0], "age_old": [0, 1, 0, 1], "age_young": [1, 0, 0, 0]},
        ),
        (
            ColumnRecipe(
                name="age", missing=Missing.MEDIAN, bins=Bins(edges=(0, 30, 60), keep=True), encode=Encode.ORDINAL
            ),
            {"bins__age": [0, 1, -1, 1], "numbers__age": [20, 40, 40, 90]},
        ),
    ],
)
def test_a_number_is_treated_as_its_recipe_says(column: ColumnRecipe, expected: dict[str, list[float]]) -> None:
    assert prepared(column, only="age", frame=SMALL)[1] == expected


def test_bins_in_order_have_codes_in_order() -> None:
    column = ColumnRecipe(name="rooms", bins=Bins(edges=(0, 5, 10, 15), labels=("z", "m", "a")), encode=Encode.ORDINAL)
    frame = pl.DataFrame({"rooms": [1.0, 6.0, 11.0]})
    assert prepared(column, only="rooms", frame=frame)[1] == {"rooms": [0, 1, 2]}


def test_native_missing_values_are_refused_for_a_family_that_takes_none() -> None:
    column = ColumnRecipe(name="age", missing=Missing.NATIVE)
    with pytest.raises(InvalidRecipe, match=r'columns\.age\.missing = "native": linear algorithms take no missing'):
        prepared(column, family=Family.LINEAR)


# --- categories ----------------------------------------------------------------------------------------------------


def test_few_categories_have_a_feature_each_and_a_missing_one_too() -> None:
    frame = pl.DataFrame({"sex": ["male", None, "female"]})
    assert prepared(only="sex", frame=frame)[1] == {
        "sex_female": [0, 0, 1],
        "sex_male": [1, 0, 0],
        "sex_None": [0, 1, 0],
    }


def test_rare_categories_share_a_feature_with_the_unknown() -> None:
    frame = pl.DataFrame({"sex": ["a"] * 600 + ["b"] * 399 + ["c"]})
    preparer = build_preparer(
        recipe=recipe(features=Features()),
        signature=Signature(columns=(SIGNATURE.columns[3],), target=SIGNATURE.target),
        family=Family.TREES,
    ).fit(frame, np.array(["no", "yes"] * 500))
    assert preparer.get_feature_names_out().tolist() == ["sex_a", "sex_b", "sex_rare"]
    assert dense(preparer.transform(pl.DataFrame({"sex": ["b", "c", "?"]}))).tolist() == [
        [0, 1, 0],
        [0, 0, 1],
        [0, 0, 1],
    ]


def test_an_unseen_category_has_no_feature_where_none_is_rare() -> None:
    preparer, _ = prepared(only="sex", frame=pl.DataFrame({"sex": ["male", "female"] * 5}))
    assert dense(preparer.transform(pl.DataFrame({"sex": ["?"]}))).tolist() == [[0, 0]]


def test_many_categories_become_the_mean_of_their_targets() -> None:
    preparer, features = prepared(only="zone")
    assert list(features) == ["zone"]
    values = dense(preparer.transform(pl.DataFrame({"zone": ["nowhere"]})))
    assert values.tolist() == [[np.mean(LABELS == "yes")]]


def test_the_rows_a_mean_was_learnt_from_do_not_see_their_own_target() -> None:
    frame = pl.DataFrame({"zone": [f"only {row}" for row in range(ROWS)]})
    _, features = prepared(ColumnRecipe(name="zone", encode=Encode.TARGET), only="zone", frame=frame)
    assert len(set(features["zone"])) <= 5  # one mean a fold: nothing told apart that the target would tell apart


def test_more_than_two_classes_have_a_mean_each() -> None:
    target = Target(name="sold", task=Task.CLASSIFICATION, classes=("a", "b", "c"))
    signature = Signature(columns=(SIGNATURE.columns[4],), target=target)
    preparer = build_preparer(recipe=recipe(features=Features()), signature=signature, family=Family.TREES)
    preparer.fit(FRAME.select("zone"), np.array(["a", "b", "c", "a"] * 50))
    assert preparer.get_feature_names_out().tolist() == ["zone_a", "zone_b", "zone_c"]


def test_whole_numbers_as_the_target_of_a_regression_are_no_classes() -> None:
    signature = Signature(columns=(SIGNATURE.columns[4],), target=Target(name="sold", task=Task.REGRESSION))
    preparer = build_preparer(
        recipe=recipe(features=Features(), task=Task.REGRESSION), signature=signature, family=Family.TREES
    )
    assert preparer.fit_transform(FRAME.select("zone"), np.arange(ROWS) % 5).shape == (ROWS, 1)


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (ColumnRecipe(name="sex", encode=Encode.ORDINAL), {"sex": [1, 2, 0, 1]}),
        (ColumnRecipe(name="sex", encode=Encode.ORDINAL, missing=Missing.MOST_FREQUENT), {"sex": [1, 1, 0, 1]}),
        (
            ColumnRecipe(name="sex", missing=Missing.CONSTANT, fill="x"),
            {"sex_female": [0, 0, 1, 0], "sex_male": [1, 0, 0, 1], "sex_x": [0, 1, 0, 0]},
        ),
        (ColumnRecipe(name="sex", missing_values=("female",)), {"sex_male": [1, 0, 0, 1], "sex_None": [0, 1, 1, 0]}),
    ],
)
def test_a_category_is_treated_as_its_recipe_says(column: ColumnRecipe, expected: dict[str, list[float]]) -> None:
    frame = pl.DataFrame({"sex": ["male", None, "female", "male"]})
    preparer, features = prepared(column, only="sex", frame=frame)
    assert features == expected
    assert np.isfinite(dense(preparer.transform(pl.DataFrame({"sex": ["?"]})))).all()


# --- texts, date-times, features made from others ------------------------------------------------------------------


def test_lines_get_runs_of_words_and_trees_get_words() -> None:
    lines, trees = (prepared(only="note", family=family)[1] for family in (Family.LINEAR, Family.TREES))
    assert "note_quiet house" in lines
    assert list(trees) == ["note_garden", "note_house", "note_old", "note_quiet"]


def test_a_text_is_treated_as_its_recipe_says() -> None:
    column = ColumnRecipe(name="note", text=Text(words=(2, 2), minimum_rows=1, maximum_features=1))
    assert len(prepared(column, only="note")[1]) == 1


def test_trees_get_counts_of_the_calendar_and_lines_get_circles() -> None:
    lines, trees = (prepared(only="start", family=family)[1] for family in (Family.LINEAR, Family.TREES))
    assert list(trees) == [f"start_{part}" for part in ("days", "year", "month", "day", "weekday", "hour")]
    assert {"start_year-sine", "start_day-cosine", "start_weekend"} < set(lines)


def test_a_missing_date_time_is_filled_and_flagged() -> None:
    _, features = prepared(ColumnRecipe(name="end", dates=(DatePart.YEAR,)), only="end")
    missing = np.array(features["end_days_missing"]) == 1
    assert missing.sum() == FRAME["end"].null_count()
    assert len(set(np.array(features["end_year"])[missing])) == 1


def test_features_are_made_from_columns_as_the_recipe_says() -> None:
    frame = FRAME.head(3).with_columns(age=pl.Series([10.0, NAN, 30.0]), rooms=pl.Series([2.0, 3.0, 0.0]))
    _, features = prepared(NO_ZONE, frame=frame, family=Family.BOOSTING)
    np.testing.assert_array_equal(features["age_per_room"], [5, NAN, NAN])
    np.testing.assert_array_equal(features["age_rooms"], [20, NAN, 0])
    np.testing.assert_array_equal(features["age_plus_rooms"], [12, NAN, 30])
    np.testing.assert_array_equal(features["stay"], [NAN, 3600, 3600])


def test_a_value_that_stands_for_a_missing_one_is_missing_in_features_too() -> None:
    frame = FRAME.head(2).with_columns(age=pl.Series([0.0, 30.0]), rooms=pl.Series([2.0, 3.0]))
    _, features = prepared(
        ColumnRecipe(name="age", missing_values=(0.0,)), NO_ZONE, frame=frame, family=Family.BOOSTING
    )
    np.testing.assert_array_equal(features["age_per_room"], [NAN, 10])


@pytest.mark.parametrize("family", [Family.LINEAR, Family.TREES])
def test_a_made_feature_that_is_filled_has_a_flag_beside_it(family: Family) -> None:
    _, features = prepared(family=family)
    missing = np.isnan(FRAME["age"].to_numpy())
    np.testing.assert_array_equal(features["age_per_room_missing"], missing)
    np.testing.assert_array_equal(features["stay_missing"], FRAME["end"].is_null().to_numpy())


def test_bins_tell_of_missing_values_under_short_names() -> None:
    column = ColumnRecipe(name="age", bins=Bins(edges=(0, 40, 100), labels=("young", "old")))
    _, features = prepared(column, family=Family.LINEAR)
    assert {"age_young", "age_old", "age_missing"} <= set(features)
    np.testing.assert_array_equal(features["age_missing"], np.isnan(FRAME["age"].to_numpy()))


def test_a_column_may_be_needed_for_a_feature_alone() -> None:
    _, features = prepared(ColumnRecipe(name="age", use=False))
    assert "age" not in features
    assert "age_per_room" in features


@pytest.mark.parametrize(
    ("ratio", "message"),
    [
        (Ratio(name="r", numerator="area", denominator="rooms"), "features.ratio.r: there is no column 'area' among"),
        (
            Ratio(name="r", numerator="sex", denominator="rooms"),
            "features.ratio.r: column 'sex' is a category, expected",
        ),
    ],
)
def test_a_feature_needs_columns_of_its_kind(ratio: Ratio, message: str) -> None:
    with pytest.raises(InvalidRecipe, match=re.escape(message)):
        build_preparer(recipe=recipe(features=Features(ratios=(ratio,))), signature=SIGNATURE, family=Family.TREES)


# --- the whole -----------------------------------------------------------------------------------------------------


def test_columns_treated_alike_share_a_transformer() -> None:
    preparer = build_preparer(recipe=recipe(), signature=SIGNATURE, family=Family.TREES)
    groups = {name: columns for name, _, columns in preparer.named_steps["columns"].transformers}
    assert groups["numbers"] == ["age", "rooms"]
    assert groups["numbers2"] == ["garden"]
    assert groups["missing"] == ["age", "rooms", "garden"]


def test_names_that_would_fall_together_stay_different() -> None:
    signature = Signature(
        columns=(Column(name="sex", kind=Kind.CATEGORY), Column(name="sex_male", kind=Kind.NUMBER)),
        target=SIGNATURE.target,
    )
    preparer = build_preparer(recipe=recipe(features=Features()), signature=signature, family=Family.BOOSTING)
    preparer.fit(pl.DataFrame({"sex": ["male", "female"], "sex_male": [1.0, 2.0]}), ["no", "yes"])
    assert preparer.get_feature_names_out().tolist() == ["sex_female", "categories__sex_male", "numbers__sex_male"]


def test_a_step_that_does_not_suit_the_column_is_refused() -> None:
    with pytest.raises(InvalidRecipe, match=r"columns\.sex\.outliers: this suits a column of kind number or integer"):
        prepared(ColumnRecipe(name="sex", outliers=Outliers.CLIP))


def test_a_recipe_that_uses_no_column_is_untrainable() -> None:
    unused = (ColumnRecipe(name=name, use=False) for name in SIGNATURE.names)
    with pytest.raises(UntrainableTable, match="no column is used"):
        build_preparer(recipe=recipe(*unused, features=Features()), signature=SIGNATURE, family=Family.TREES)


@pytest.mark.parametrize(
    ("table", "target"),
    [("titanic.csv", "Survived"), ("taxis.csv", "tip"), ("telco_churn.csv", "Churn"), ("mpg.csv", "mpg")],
)
def test_real_tables_are_prepared_for_every_family(table: str, target: str, real_table: Callable[[str], Path]) -> None:
    frame = read_table(real_table(table))
    profile = profile_table(frame, target=target)
    typed = cast_frame(frame, profile)
    signature = signature_of(frame, profile, target=target)
    rows = polars_frame(signature, rows_from_frame(signature, typed.select(signature.names)))
    answers = typed[target].to_numpy()
    plain = Recipe(data=Data(target=target, task=signature.target.task))
    for family in Family:
        preparer = build_preparer(recipe=plain, signature=signature, family=family)
        matrix = preparer.fit_transform(rows, answers)
        names = preparer.get_feature_names_out().tolist()
        assert len(set(names)) == len(names) == matrix.shape[1]
        assert np.isfinite(dense(matrix)).all() or family is Family.BOOSTING
