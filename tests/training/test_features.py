from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from carafe.errors import InvalidRecipe, UntrainableTable
from carafe.schema import Column, Kind, Signature, Target, Task
from carafe.training.features import Family, build_preparer
from carafe.training.recipe import ColumnRecipe, Data, Missing, Recipe

SIGNATURE = Signature(
    columns=(
        Column(name="age", kind=Kind.NUMBER, nullable=True),
        Column(name="sex", kind=Kind.CATEGORY, categories=("female", "male")),
    ),
    target=Target(name="survived", task=Task.CLASSIFICATION, classes=(0, 1)),
)
FRAME = pl.DataFrame({"age": [20.0, 40.0, float("nan"), 60.0], "sex": ["male", "female", "female", "male"]})
LABELS = np.array([0, 1, 1, 0])


def _recipe(*columns: ColumnRecipe) -> Recipe:
    return Recipe(data=Data(target="survived", task=Task.CLASSIFICATION), columns=columns)


def test_trees_get_filled_unscaled_numbers_and_a_flag_for_the_missing_ones() -> None:
    preparer = build_preparer(recipe=_recipe(), signature=SIGNATURE, family=Family.TREES)
    matrix = preparer.fit_transform(FRAME, LABELS)
    assert list(preparer.get_feature_names_out()) == ["age", "age_missing", "sex_female", "sex_male"]
    assert matrix.tolist() == [[20, 0, 0, 1], [40, 0, 1, 0], [40, 1, 1, 0], [60, 0, 0, 1]]


def test_boosting_gets_missing_numbers_as_they_are() -> None:
    preparer = build_preparer(recipe=_recipe(), signature=SIGNATURE, family=Family.BOOSTING)
    assert np.isnan(preparer.fit_transform(FRAME, LABELS)[2, 0])


def test_native_missing_values_are_refused_for_a_family_that_takes_none() -> None:
    recipe = _recipe(ColumnRecipe(name="age", missing=Missing.NATIVE))
    with pytest.raises(InvalidRecipe, match=r'columns\.age.missing = "native": linear algorithms take no missing'):
        build_preparer(recipe=recipe, signature=SIGNATURE, family=Family.LINEAR)


def test_a_recipe_that_uses_no_column_is_untrainable() -> None:
    recipe = _recipe(ColumnRecipe(name="age", use=False), ColumnRecipe(name="sex", use=False))
    with pytest.raises(UntrainableTable, match="no column is used"):
        build_preparer(recipe=recipe, signature=SIGNATURE, family=Family.TREES)
