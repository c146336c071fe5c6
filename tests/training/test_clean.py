from __future__ import annotations

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from carafe.errors import UntrainableTable
from carafe.models.steps import OutlierMethod
from carafe.training.clean import Cleaned, clean_training
from carafe.training.recipe import Clean, ColumnRecipe, Data, Duplicates, Missing, Outliers, Recipe

FRAME = pl.DataFrame(
    {
        "id": [1, 2, 3, 4, 5, 6],
        "age": [20.0, None, 40.0, 20.0, 0.0, 900.0],
        "zone": ["n", "s", None, "n", "n", "s"],
        "ill": ["no", "no", "yes", "no", "yes", "no"],
    }
)


def clean(*columns: ColumnRecipe, frame: pl.DataFrame = FRAME, **more: object) -> Cleaned:
    named = {column.name: column for column in columns}
    every = tuple(named.get(name, ColumnRecipe(name=name, use=name != "id")) for name in ("id", "age", "zone"))
    return clean_training(frame, recipe=Recipe(data=Data(target="ill"), columns=every, clean=Clean(**more)))  # type: ignore[arg-type]


def test_duplicates_are_counted_and_kept_by_default() -> None:
    cleaned = clean()
    assert_frame_equal(cleaned.frame, FRAME)
    assert cleaned.notes == ("1 row equals an earlier one: kept",)


def test_duplicates_are_dropped_where_columns_used_and_target_are_equal() -> None:
    cleaned = clean(duplicates=Duplicates.DROP)
    assert cleaned.frame["id"].to_list() == [1, 2, 3, 5, 6]
    assert cleaned.notes == ("1 row equals an earlier one: dropped",)


def test_duplicates_may_pass_in_silence() -> None:
    assert clean(duplicates=Duplicates.KEEP).notes == ()


def test_rows_without_a_value_are_dropped_also_where_it_is_missing_in_disguise() -> None:
    column = ColumnRecipe(name="age", missing=Missing.DROP, missing_values=(0.0,))
    cleaned = clean(column, duplicates=Duplicates.KEEP)
    assert cleaned.frame["id"].to_list() == [1, 3, 4, 6]
    assert cleaned.notes == ("2 rows without age: dropped",)


def test_nan_is_a_missing_value_too() -> None:
    frame = FRAME.with_columns(pl.col("age").fill_null(float("nan")))
    assert clean(ColumnRecipe(name="age", missing=Missing.DROP), frame=frame).frame.height == 5


def test_rows_without_a_category_are_dropped() -> None:
    assert clean(ColumnRecipe(name="zone", missing=Missing.DROP)).frame["id"].to_list() == [1, 2, 4, 5, 6]


def test_missing_values_are_interpolated_in_the_order_of_the_rows() -> None:
    cleaned = clean(ColumnRecipe(name="age", missing=Missing.INTERPOLATE), duplicates=Duplicates.KEEP)
    assert cleaned.frame["age"].to_list() == [20.0, 30.0, 40.0, 20.0, 0.0, 900.0]
    assert cleaned.notes == ("1 missing values of age: interpolated",)


def test_what_has_no_value_on_one_side_is_not_interpolated() -> None:
    frame = FRAME.with_columns(pl.Series("age", [None, 1, None, 3, None, None], dtype=pl.Int64))
    cleaned = clean(ColumnRecipe(name="age", missing=Missing.INTERPOLATE), frame=frame)
    assert cleaned.frame["age"].to_list() == [None, 1.0, 2.0, 3.0, None, None]


def test_rows_with_outliers_are_dropped_and_missing_values_are_none() -> None:
    column = ColumnRecipe(name="age", outliers=Outliers.DROP, outlier_method=OutlierMethod.Z_SCORE, outlier_factor=1.5)
    cleaned = clean(column, duplicates=Duplicates.KEEP)
    assert cleaned.frame["id"].to_list() == [1, 2, 3, 4, 5]
    assert cleaned.notes[0].startswith("1 row with age outside ")


def test_a_share_of_rows_is_isolated_over_all_number_columns() -> None:
    frame = pl.DataFrame(
        {"id": range(101), "age": [*range(100), 40], "zone": [*range(100), 4000], "ill": ["yes", *["no"] * 100]}
    )
    cleaned = clean(frame=frame, outlier_share=0.01)
    assert 100 not in cleaned.frame["id"].to_list()
    assert cleaned.frame.height >= 98
    assert cleaned.notes[-1].endswith("1 row isolated as outlying in 2 columns: dropped")


def test_cleaning_away_every_row_says_what_did_it() -> None:
    frame = FRAME.with_columns(age=pl.lit(None, dtype=pl.Float64))
    with pytest.raises(
        UntrainableTable, match=r"cleaning leaves none of 6 training rows: .*6 rows without age: dropped"
    ):
        clean(ColumnRecipe(name="age", missing=Missing.DROP), frame=frame)


def test_columns_left_out_are_not_looked_at() -> None:
    column = ColumnRecipe(name="age", use=False, missing=Missing.DROP, outliers=Outliers.DROP)
    assert clean(column, duplicates=Duplicates.KEEP).notes == ()
