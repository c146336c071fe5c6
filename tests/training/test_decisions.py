from __future__ import annotations

import polars as pl
import pytest

from carafe.errors import UntrainableTable
from carafe.schema import Kind, Task
from carafe.training.decisions import Plan, signature_for
from carafe.training.recipe import ColumnRecipe, Data, Features, Ratio, Recipe
from carafe.training.run import plan_run
from small_tables import flats


def table() -> pl.DataFrame:
    """Return flats with an identifier, a constant, a leak and a date."""
    frame = flats().drop("let")
    return frame.with_columns(
        flat_id=pl.Series([f"f-{index:03}" for index in range(120)]),
        country=pl.lit("DE"),
        rent_cents=pl.col("rent") * 100,
        seen=pl.datetime_range(pl.datetime(2024, 1, 1), pl.datetime(2024, 4, 29), "1d"),
    )


def planned(*columns: ColumnRecipe, features: Features | None = None) -> Plan:
    chosen = Recipe(data=Data(target="rent"), columns=columns, features=features or Features())
    return plan_run(table(), recipe=chosen)[2]


def test_identifiers_constants_and_leaks_are_left_out_each_with_its_reason() -> None:
    plan = planned()
    found = {decision.column: (decision.used, decision.reason) for decision in plan.decisions}
    assert found["flat_id"] == (False, "identifier: every value is different")
    assert found["country"] == (False, "constant: every value is the same")
    assert found["rent_cents"][0] is False
    assert "up to scale" in found["rent_cents"][1]
    assert found["area"][0]
    assert plan.warnings == ("rent_cents leaks the target and is left out: it is rent, up to scale",)


def test_every_column_is_decided_in_the_tables_order() -> None:
    names = ["area", "rooms", "balcony", "city", "flat_id", "country", "rent_cents", "seen"]
    plan = planned()
    assert [decision.column for decision in plan.decisions] == names
    assert [column.name for column in plan.recipe.columns] == names


def test_the_recipe_has_the_last_word() -> None:
    plan = planned(
        ColumnRecipe(name="rent_cents"),
        ColumnRecipe(name="flat_id"),
        ColumnRecipe(name="area", use=False),
        ColumnRecipe(name="rooms", kind=Kind.CATEGORY),
    )
    found = {decision.column: decision for decision in plan.decisions}
    assert found["rent_cents"].used
    assert (found["flat_id"].used, found["flat_id"].role) == (True, "category")
    assert (found["area"].used, found["area"].reason) == (False, "left out by the recipe")
    assert found["rooms"].role == "category"
    assert plan.warnings[0].startswith("rent_cents leaks the target and is used because the recipe says so")


def test_a_constant_is_left_out_whatever_the_recipe_says() -> None:
    found = {decision.column: decision for decision in planned(ColumnRecipe(name="country")).decisions}
    assert (found["country"].used, found["country"].reason) == (False, "constant: every value is the same")


def test_a_feature_needs_its_columns_even_where_they_are_not_used_alone() -> None:
    features = Features(ratios=(Ratio(name="per_room", numerator="area", denominator="rooms"),))
    plan = planned(ColumnRecipe(name="area", use=False), features=features)
    assert "area" in plan.recipe.used


def test_without_any_column_there_is_nothing_to_learn_from() -> None:
    frame = pl.DataFrame({"key": [f"k{index}" for index in range(40)], "y": [float(index % 7) for index in range(40)]})
    with pytest.raises(UntrainableTable, match=r"no column is left to learn 'y' from \(key: identifier: every value"):
        plan_run(frame, recipe=Recipe(data=Data(target="y", task=Task.REGRESSION)))


def test_the_signature_is_that_of_the_training_rows_and_nullable_that_of_all() -> None:
    frame = table().with_columns(rooms=pl.when(pl.int_range(pl.len()) == 3).then(None).otherwise(pl.col("rooms")))
    study, _, plan = plan_run(frame, recipe=Recipe(data=Data(target="rent")))
    some = study.typed.filter(pl.col("area") < 60, pl.col("city") != "Ulm")
    signature = signature_for(study, some, plan.recipe)
    columns = {column.name: column for column in signature.columns}
    assert columns["area"].maximum is not None
    assert columns["area"].maximum < 60
    assert set(columns["city"].categories) == {"Bonn", "Kiel"}
    assert columns["rooms"].nullable
