from __future__ import annotations

import gc
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

import carafe
from carafe.errors import (
    AliasNotFound,
    CorruptArtefact,
    InvalidInput,
    InvalidName,
    InvalidParameter,
    ModelNotFound,
    VersionNotFound,
)


@pytest.fixture
def model(home: Path, houses: pd.DataFrame) -> carafe.LoadedModel:
    del home
    words = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["city"]), remainder="passthrough")
    estimator = make_pipeline(words, LinearRegression()).fit(houses[["area", "city"]], houses["price"])
    carafe.publish(estimator, "houses", sample=houses[["area", "city"]], target="price")
    return carafe.load("houses@champion")


ROWS: list[Any] = [
    pd.DataFrame({"city": ["Bern"], "area": [100.0]}),
    pl.DataFrame({"city": ["Bern"], "area": [100.0]}),
    [{"area": 100, "city": "Bern"}],
    [[100.0, "Bern"]],
    [(100, "Bern")],
    {"area": 100, "city": "Bern"},
    [100, "Bern"],
    np.array([[100.0, "Bern"]], dtype=object),
]


@pytest.mark.parametrize("rows", ROWS, ids=lambda rows: f"{type(rows).__module__}.{type(rows).__name__}")
def test_rows_may_come_in_any_shape(model: carafe.LoadedModel, rows: object) -> None:
    assert model.predict(rows) == pytest.approx([150_000])


def test_it_says_which_version_it_is_and_what_it_takes(model: carafe.LoadedModel) -> None:
    assert str(model.version) == "houses@1"
    assert model.signature.names == ("area", "city")
    assert repr(model) == "LoadedModel(houses@1: price from area, city)"
    assert repr(model.version) == "Version(houses@1, regression of price, champion)"


def test_a_wide_model_is_still_shown_in_one_line(home: Path) -> None:
    del home
    table = np.random.default_rng(0).normal(size=(30, 200))
    carafe.publish(LinearRegression().fit(table, table[:, 0]), "wide", sample=table)
    assert repr(carafe.load("wide")) == "LoadedModel(wide@1: target from x1, x2, x3, x4, x5, ...)"


def test_features_after_preprocessing_have_names(model: carafe.LoadedModel) -> None:
    features = model.transform({"area": 100, "city": "Bern"})
    assert features.names == ("onehotencoder__city_Bern", "onehotencoder__city_Rome", "remainder__area")
    assert features.matrix.tolist() == [[1.0, 0.0, 100.0]]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ({"area": "100", "city": "Bern"}, 'area: got "100", expected a number'),
        ({"area": 100}, "city: got nothing, expected a string"),
        ({"area": 100, "city": "Bern", "colour": "red"}, "colour: got an unknown field"),
        (pd.DataFrame({"area": [1.0]}), "city"),
        ([], "got an empty list, expected at least one row"),
        ([1, 2, 3], "got a list of 3, expected 2 values in this order: area, city"),
        (np.zeros((2, 2, 2)), r"got an array of shape \(2, 2, 2\)"),
        (7, "got 7, expected a frame, an array, a list of records, or one record"),
        ("Bern", 'got "Bern", expected a frame'),
    ],
)
def test_rows_that_do_not_fit_are_refused_by_field(model: carafe.LoadedModel, rows: object, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        model.predict(rows)


@pytest.mark.parametrize("labels", [["no", "yes"], [0, 1], [False, True]], ids=["strings", "integers", "booleans"])
def test_labels_and_probabilities_are_those_of_the_estimator(home: Path, labels: list[Any]) -> None:
    table = np.random.default_rng(1).normal(size=(40, 2))
    estimator = LogisticRegression().fit(table, np.array(labels)[(table[:, 0] > 0).astype(int)])
    carafe.publish(estimator, "sign", sample=table, home=home)
    model = carafe.load("sign", home=home)
    assert model.predict(table).tolist() == estimator.predict(table).tolist()
    assert model.classes.tolist() == labels
    np.testing.assert_allclose(model.predict_proba(table), estimator.predict_proba(table), rtol=1e-9)


def test_probabilities_of_a_model_that_has_none_are_refused(model: carafe.LoadedModel, home: Path) -> None:
    with pytest.raises(InvalidParameter, match="probabilities: this model gives none"):
        model.predict_proba({"area": 100, "city": "Bern"})
    table = np.random.default_rng(1).normal(size=(40, 2))
    carafe.publish(RidgeClassifier().fit(table, table[:, 0] > 0), "sign", sample=table, home=home)
    with pytest.raises(InvalidParameter, match="probabilities: this model gives none"):
        carafe.load("sign", home=home).predict_proba([0.0, 1.0])


@pytest.mark.parametrize(
    ("reference", "error"),
    [
        ("boats", ModelNotFound),
        ("houses@7", VersionNotFound),
        ("houses@staging", AliasNotFound),
        ("houses@@", InvalidName),
    ],
)
def test_what_is_not_there_is_said_so(model: carafe.LoadedModel, reference: str, error: type[Exception]) -> None:
    del model
    with pytest.raises(error):
        carafe.load(reference)


def test_a_stored_model_that_was_changed_is_not_loaded(model: carafe.LoadedModel, home: Path) -> None:
    stored = next(home.rglob("model.skops"))
    content = bytearray(stored.read_bytes())
    content[len(content) // 2] ^= 1
    stored.chmod(0o600)
    stored.write_bytes(content)
    with pytest.raises(CorruptArtefact, match=r"model\.skops: its content is not what the manifest promises"):
        carafe.load("houses")
    assert model.predict([100, "Bern"]) == pytest.approx([150_000])  # what is loaded keeps answering


def test_a_loaded_model_holds_no_file_of_its_home_open(model: carafe.LoadedModel, home: Path) -> None:
    trained = carafe.train([{"x": x, "y": 2 * x} for x in range(30)], target="y", algorithm="linear")
    gc.disable()  # what is let go of only when it is collected is not let go of
    try:
        trained.publish("doubled")
        carafe.load("houses")
        held = [link for fd in Path("/proc/self/fd").iterdir() if (link := os.path.realpath(fd)).startswith(str(home))]
    finally:
        gc.enable()
    assert model.predict({"area": 100, "city": "Bern"}).shape == (1,)
    assert held == []


def test_a_file_is_answered_into_another(home: Path, tmp_path: Path) -> None:
    x = np.linspace(0, 1, 20)
    sample = pl.DataFrame({"x": x})
    carafe.publish(LinearRegression().fit(sample, 2 * x), "lines", sample=sample, home=home)
    pl.DataFrame({"id": ["a", "b", "c"], "x": ["0.5", "1", "one"]}).write_csv(tmp_path / "in.csv")
    summary = carafe.load("lines", home=home).predict_file(tmp_path / "in.csv", tmp_path / "out.parquet", keep=["id"])
    assert (summary.counts.scored, summary.counts.rejected) == (2, 1)
    assert summary.rejected == tmp_path / "out.rejected.csv"
    assert pl.read_parquet(tmp_path / "out.parquet")["id"].to_list() == ["a", "b"]
