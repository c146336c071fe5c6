from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl
import pytest

from carafe.errors import UnknownColumn
from carafe.schema import Kind, Task
from carafe.tables import Leak, cast_frame, profile_table
from carafe.training.recipe import ColumnRecipe, Data, Elapsed, Recipe
from carafe.training.recipe.default import column_notes, default_recipe, zero_stands_apart

START = datetime(2024, 1, 1)  # noqa: DTZ001 - as tables hold them
ROWS = 40
FRAME = pl.DataFrame(
    {
        "trip_id": [f"T{row:04d}" for row in range(ROWS)],
        "pickup": [START + timedelta(minutes=row) for row in range(ROWS)],
        "dropoff": [START + timedelta(minutes=row * 2 + 5) for row in range(ROWS)],
        "pressure": [0 if row % 8 == 0 else 60 + row % 13 for row in range(ROWS)],
        "zone": [["north", "south", None][row % 3] for row in range(ROWS)],
        "country": ["here"] * ROWS,
        "late": [["yes", "no"][row % 2] for row in range(ROWS)],
    }
)
PROFILE = profile_table(FRAME, target="late")


def recipe(**more: object) -> Recipe:
    return default_recipe(data=Data(target="late", source="trips.csv"), profile=PROFILE, **more)  # type: ignore[arg-type]


def test_each_column_has_its_kind_and_what_is_left_out_has_its_reason() -> None:
    found = {column.name: (column.use, column.kind) for column in recipe().columns}
    assert found == {
        "trip_id": (False, Kind.CATEGORY),
        "pickup": (True, Kind.DATETIME),
        "dropoff": (True, Kind.DATETIME),
        "pressure": (True, Kind.INTEGER),
        "zone": (True, Kind.CATEGORY),
        "country": (False, Kind.CATEGORY),
    }
    assert recipe().column("trip_id").reason.startswith("identifier: ")
    assert recipe().column("country").reason == "constant: every value is the same"


def test_the_task_is_recognised_from_the_target() -> None:
    assert recipe().data == Data(target="late", source="trips.csv", task=Task.CLASSIFICATION)


def test_two_date_times_give_the_time_between_them() -> None:
    assert recipe().features.elapsed == (Elapsed(name="pickup_to_dropoff", start="pickup", end="dropoff"),)
    assert recipe(drop=["pickup"]).features.elapsed == ()


def test_a_leak_is_left_out_and_says_why() -> None:
    leaks = [
        Leak(column="pressure", reason="it equals the target", drop=True),
        Leak(column="zone", reason="it nearly equals the target", drop=False),
    ]
    found = recipe(leaks=leaks)
    assert found.column("pressure") == ColumnRecipe(
        name="pressure", use=False, reason="it equals the target", kind=Kind.INTEGER
    )
    assert found.column("zone").use
    assert "it nearly equals the target" in column_notes(PROFILE, leaks=leaks)["zone"]


def test_columns_to_drop_are_left_out() -> None:
    assert recipe(drop=["zone"]).column("zone") == ColumnRecipe(
        name="zone", use=False, reason="dropped on request", kind=Kind.CATEGORY
    )


def test_a_column_to_drop_must_exist() -> None:
    with pytest.raises(UnknownColumn, match="there is no column 'zonee'; did you mean 'zone'"):
        recipe(drop=["zonee"])


def test_notes_tell_what_the_table_holds() -> None:
    notes = column_notes(PROFILE, frame=cast_frame(FRAME, PROFILE))
    assert notes["zone"].endswith("; 2 different; 13 missing (32.5%); such as north, south")
    assert notes["pressure"].splitlines() == [
        "integer: whole numbers; 14 different; 0 to 72",
        "0 lies far below all other values: if it means missing, missing_values = [0]",
    ]


def test_the_written_recipe_reads_as_the_same_recipe_and_shows_the_notes() -> None:
    text = recipe().to_toml(notes=column_notes(PROFILE))
    assert Recipe.from_toml(text) == recipe()
    assert "[columns.pressure]\n# integer: whole numbers; 14 different; 0 to 72\n" in text


@pytest.mark.parametrize(
    ("values", "apart"),
    [
        ([0, *range(60, 80)], True),
        ([0, *range(1, 20)], False),
        (range(60, 80), False),
        ([-5, 0, *range(60, 80)], False),
        ([0, 60, 61], False),
        ([], False),
    ],
)
def test_zero_stands_apart_where_all_other_values_are_far_above_it(values: list[int], apart: bool) -> None:  # noqa: FBT001
    assert zero_stands_apart(pl.Series("x", values, dtype=pl.Float64)) is apart
