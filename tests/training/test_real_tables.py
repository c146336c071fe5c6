from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from statistics import fmean

import numpy as np
import pytest

from carafe.models.artefact import load_model
from carafe.registry import memory_registry
from carafe.tables import read_table
from carafe.training.publication import publish_result
from carafe.training.recipe import Recipe
from carafe.training.run import train
from conftest import ROOT
from real_tables import SEEDS, TABLES, RealTable, figure, measure, quality_page

PAGE = ROOT / "docs" / "reference" / "quality.md"

FindTable = Callable[[str], Path]

each_table = pytest.mark.parametrize("table", TABLES, ids=lambda table: table.file)


@pytest.mark.needs("libgomp1")
@each_table
def test_default_settings_come_near_the_aim_on_one_hold_out_and_the_stored_model_answers_the_same(
    table: RealTable, real_table: FindTable
) -> None:
    result = measure(read_table(real_table(table.file)), table, seed=3)
    margin = {"penguins.csv": 0.02, "mpg.csv": 0.04, "pima_diabetes.csv": 0.05, "titanic.csv": 0.04}
    assert figure(result, table.metric) >= table.least - margin.get(table.file, 0.01)
    registry = memory_registry()
    version = publish_result(result, name="real", registry=registry)
    model = load_model(registry.fetch(version), key=registry.key)
    held = result.holdout.data
    answers = model.predict(held.rows).values
    if result.signature.target.classes:
        answers = np.array(result.signature.target.classes)[answers]
    assert np.array_equal(answers, result.estimator.predict(held.frame()))


@pytest.mark.needs("libgomp1")
def test_the_total_of_a_taxi_ride_is_warned_about_and_left_out_when_the_tip_is_learnt(real_table: FindTable) -> None:
    frame = read_table(real_table("taxis.csv"))
    result = train(frame, recipe=Recipe.from_toml('[data]\ntarget = "tip"\n[model]\nalgorithm = "lightgbm"'))
    assert "total" not in result.signature.names
    assert any(
        warning.startswith("total leaks the target and is left out: total = tip + fare") for warning in result.warnings
    )
    assert "pickup_to_dropoff" in str(result.estimator[:-1].get_feature_names_out())
    assert figure(result, "r2") > 0.5


@pytest.mark.long
@pytest.mark.needs("libgomp1")
def test_the_mean_over_the_seeds_reaches_the_aim_on_every_table(real_table: FindTable) -> None:
    figures = {}
    for table in TABLES:
        frame = read_table(real_table(table.file))
        results = [measure(frame, table, seed) for seed in SEEDS]
        figures[table] = [(result.recipe.model.algorithm, figure(result, table.metric)) for result in results]
    PAGE.write_text(quality_page(figures), encoding="utf-8")
    means = {table: fmean(value for _, value in found) for table, found in figures.items()}
    assert not {table.file: mean for table, mean in means.items() if mean < table.least}
