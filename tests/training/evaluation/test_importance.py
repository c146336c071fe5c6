from __future__ import annotations

import numpy as np
import polars as pl

from carafe.training.evaluation.importance import permutation_importance
from carafe.training.recipe import Recipe
from carafe.training.result import TrainingResult
from carafe.training.run import train
from small_tables import flats, recipe


def trained(frame: pl.DataFrame) -> TrainingResult:
    return train(frame, recipe=recipe("rent", "linear"))


def test_the_column_that_the_target_follows_is_the_most_important() -> None:
    result = trained(flats(300))
    assert result.importance[0].column == "area"
    assert result.importance[0].mean > 50
    assert {importance.column for importance in result.importance} == {"area", "rooms", "balcony", "city"}


def test_a_column_of_noise_is_hardly_important_and_the_figures_repeat() -> None:
    first, second = trained(flats(300)), trained(flats(300))
    assert first.importance == second.importance
    noise = next(importance for importance in first.importance if importance.column == "balcony")
    assert abs(noise.mean) < 5


def test_with_hundreds_of_columns_none_is_shuffled() -> None:
    wide = pl.DataFrame({f"x{index}": [float(index), 1.0, 2.0 + index, 0.5] * 5 for index in range(251)})
    wide = wide.with_columns(y=pl.Series([1.0, 2.0, 3.0, 4.0] * 5))
    result = train(
        wide, recipe=Recipe.from_toml('[data]\ntarget = "y"\ntask = "regression"\n[model]\nalgorithm = "ridge"')
    )
    assert result.importance == ()


def test_a_single_row_has_no_importance() -> None:
    result = trained(flats())
    one = result.holdout.data.take(np.arange(1))
    assert permutation_importance(result.estimator, one, seed=1) == ()
