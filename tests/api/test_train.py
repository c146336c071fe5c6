from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

import carafe
from carafe.errors import InvalidName, InvalidRecipe, UnknownColumn, UnreadableTable


@pytest.fixture(scope="session")
def trained(houses: pd.DataFrame) -> carafe.TrainedModel:
    return carafe.train(houses, target="price", name="houses", algorithm="ridge")


def test_a_trained_model_knows_its_figures_beside_the_baselines(trained: carafe.TrainedModel) -> None:
    r2 = next(metric for metric in trained.metrics if metric.name == "r2")
    assert r2.value > 0.9
    assert (r2.baseline or 0.0) < 0.1
    assert trained.importance[0].column == "area"
    assert repr(trained).startswith("TrainedModel(price by ridge: ")


def test_it_answers_before_it_is_published(trained: carafe.TrainedModel, houses: pd.DataFrame) -> None:
    assert trained.predict({"area": 100, "city": "Bern"}) == pytest.approx([150_000], rel=0.05)
    assert trained.predict(houses[["city", "area"]]).shape == (80,)
    assert trained.transform([100, "Bern"]).matrix.dtype == np.float64


def test_a_published_version_answers_exactly_as_the_pipeline_did(
    trained: carafe.TrainedModel, houses: pd.DataFrame, home: Path
) -> None:
    version = trained.publish(home=home)
    assert str(version) == "houses@1"
    rows = houses[["area", "city"]]
    np.testing.assert_array_equal(carafe.load("houses", home=home).predict(rows), trained.predict(rows))


def test_the_manifest_tells_the_whole_run(trained: carafe.TrainedModel, home: Path) -> None:
    manifest = trained.publish("cottages", home=home).manifest
    assert manifest.metrics == trained.metrics
    assert manifest.algorithm == "ridge"
    assert manifest.provenance.rows == 80
    assert manifest.provenance.seed == 42
    assert manifest.provenance.holdout_sha256
    assert "[split]" in manifest.recipe


def test_its_own_recipe_trains_the_same_model_again(trained: carafe.TrainedModel, houses: pd.DataFrame) -> None:
    again = carafe.train(houses, recipe=trained.recipe)
    assert again.metrics == trained.metrics
    assert again.recipe == trained.recipe


def test_arguments_win_over_the_recipe(trained: carafe.TrainedModel, houses: pd.DataFrame) -> None:
    other = carafe.train(houses, recipe=trained.recipe, algorithm="tree", seed=7, drop=["city"])
    assert (other.result.recipe.model.algorithm, other.result.recipe.split.seed) == ("tree", 7)
    assert "city" not in other.signature.names


@pytest.mark.parametrize("kind", ["polars", "records", "file"])
def test_a_table_may_come_as_a_polars_frame_as_records_or_as_a_file(
    kind: str, houses: pd.DataFrame, trained: carafe.TrainedModel, tmp_path: Path
) -> None:
    houses.to_parquet(tmp_path / "houses.parquet")
    table = {
        "polars": pl.from_pandas(houses),
        "records": houses.to_dict("records"),
        "file": tmp_path / "houses.parquet",
    }[kind]
    assert carafe.train(table, target="price", algorithm="ridge").metrics == trained.metrics


def test_classes_keep_their_type_and_have_probabilities(houses: pd.DataFrame) -> None:
    table = houses.assign(expensive=houses["price"] > 150_000).drop(columns="price")
    model = carafe.train(table, target="expensive", algorithm="logistic")
    assert model.classes.tolist() == [False, True]
    assert model.predict([[280, "Bern"], [50, "Rome"]]).tolist() == [True, False]
    assert model.predict_proba([280, "Bern"]).sum() == pytest.approx(1)
    assert model.confusion is not None


def test_a_recipe_may_come_as_the_path_of_its_file(
    trained: carafe.TrainedModel, houses: pd.DataFrame, tmp_path: Path
) -> None:
    file = tmp_path / "houses.toml"
    file.write_text(trained.recipe)
    for path in (file, str(file)):
        assert carafe.train(houses, recipe=path).metrics == trained.metrics
    with pytest.raises(UnreadableTable, match=r"nowhere\.toml: the recipe can't be read \(No such file"):
        carafe.train(houses, recipe="nowhere.toml")
    file.write_bytes(b"\xff")
    with pytest.raises(UnreadableTable, match="the recipe is not UTF-8 text"):
        carafe.train(houses, recipe=file)


def test_a_dropped_column_is_not_asked_for(houses: pd.DataFrame) -> None:
    model = carafe.train(houses, target="price", algorithm="linear", drop=["city"])
    assert model.signature.names == ("area",)


def test_what_can_not_be_obeyed_is_refused_with_what_to_do(houses: pd.DataFrame, trained: carafe.TrainedModel) -> None:
    with pytest.raises(InvalidRecipe, match=r"which column is to be predicted\? Call carafe.train\(frame, target="):
        carafe.train(houses)
    with pytest.raises(UnknownColumn, match="prise"):
        carafe.train(houses, target="prise")
    with pytest.raises(UnreadableTable, match="nowhere"):
        carafe.train("nowhere.csv", target="price")
    with pytest.raises(InvalidName, match="'Ho uses' is no model name"):
        carafe.train(houses, target="price", name="Ho uses")
    with pytest.raises(InvalidName, match="'No!' is no model name"):
        trained.publish("No!")
