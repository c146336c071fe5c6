from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, PolynomialFeatures, StandardScaler

from carafe.errors import InvalidInput, PredictionFailed
from carafe.models.flavours import native
from carafe.models.flavours.native import NativeModel
from carafe.models.publication import describe
from carafe.schema import Rows
from carafe.schema.rows import MAX_PROBLEMS

TABLE = np.random.default_rng(0).normal(size=(30, 2))
NUMBERS = TABLE @ [1.0, 2.0]


def model_of(estimator: Any, sample: Any) -> tuple[NativeModel, Rows]:
    publication = describe(estimator, name="m", sample=sample, target="y", metrics={})
    manifest = publication.manifest
    model = NativeModel(estimator=publication.estimator, signature=manifest.signature, container=manifest.container)
    return model, publication.sample


def test_features_are_those_that_the_last_step_sees() -> None:
    estimator = make_pipeline(StandardScaler(), PolynomialFeatures(2, include_bias=False), LinearRegression())
    model, rows = model_of(estimator.fit(TABLE, NUMBERS), TABLE)
    features = model.transform(rows)
    assert features.names == ("x0", "x1", "x0^2", "x0 x1", "x1^2")
    np.testing.assert_array_equal(features.matrix, estimator[:-1].transform(TABLE))


def test_a_model_without_preprocessing_returns_its_own_columns() -> None:
    for estimator in (LinearRegression(), make_pipeline(LinearRegression())):
        model, rows = model_of(estimator.fit(TABLE, NUMBERS), TABLE)
        features = model.transform(rows)
        assert features.names == ("x1", "x2")
        np.testing.assert_array_equal(features.matrix, TABLE)


def test_categories_without_an_encoder_are_shown_as_their_codes(lightgbm: Any) -> None:
    frame = pd.DataFrame({"c": pd.Categorical(["b", None, "a"] * 10, categories=["a", "b"]), "n": TABLE[:, 0]})
    estimator = lightgbm.LGBMRegressor(n_estimators=2, min_child_samples=2, verbose=-1).fit(frame, NUMBERS)
    model, rows = model_of(estimator, frame)
    np.testing.assert_array_equal(model.transform(rows).matrix[:3, 0], [1.0, np.nan, 0.0])


def test_sparse_features_are_made_dense() -> None:
    texts = ["win money", "good morning", "free money"] * 3
    model, rows = model_of(make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(texts, [1, 0, 1] * 3), texts)
    features = model.transform(rows)
    assert features.names == ("free", "good", "money", "morning", "win")
    assert features.matrix.shape == (9, 5)


def test_features_beyond_what_memory_should_hold_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "MAX_CELLS", 10)
    model, rows = model_of(make_pipeline(StandardScaler(), LinearRegression()).fit(TABLE, NUMBERS), TABLE)
    assert model.transform(rows.take(slice(5))).matrix.shape == (5, 2)
    with pytest.raises(PredictionFailed, match="transform: 6 rows of 2 features are more than 10 numbers; send fewer"):
        model.transform(rows.take(slice(6)))


def test_features_that_are_no_numbers_are_refused() -> None:
    texts = ["a", "b"] * 5
    inner = make_pipeline(TfidfVectorizer(analyzer="char"), LogisticRegression()).fit(texts, [0, 1] * 5)
    model, rows = model_of(Pipeline([("same", FunctionTransformer()), ("rest", inner)]), texts)
    with pytest.raises(PredictionFailed, match="transform: the preprocessing gives no numbers"):
        model.transform(rows)


def test_a_model_that_fails_says_which_error_it_met() -> None:
    model, _ = model_of(LinearRegression().fit(TABLE, NUMBERS), TABLE)
    with pytest.raises(PredictionFailed, match="the model fails on these rows: ValueError: Input X contains NaN"):
        model.predict(Rows((np.array([np.nan]), np.array([1.0]))))


def test_an_unseen_category_that_the_model_refuses_is_named_as_often_as_is_of_use() -> None:
    frame = pd.DataFrame({"city": ["Bern", "Rome"] * 15})
    encoder = OneHotEncoder(handle_unknown="error")
    model, _ = model_of(make_pipeline(encoder, LinearRegression()).fit(frame, NUMBERS), frame)
    with pytest.raises(InvalidInput, match=r"city: got \"Oslo\", expected one of the values .*: Bern, Rome"):
        model.predict(Rows((np.array(["Oslo"], dtype=object),)))
    with pytest.raises(InvalidInput) as refused:
        model.predict(Rows((np.array(["Oslo"] * (MAX_PROBLEMS + 1), dtype=object),)))
    assert len(refused.value.problems) == MAX_PROBLEMS


@pytest.mark.filterwarnings("ignore:overflow encountered")
def test_a_number_that_is_too_large_for_the_model_is_not_blamed_on_an_unseen_category_beside_it() -> None:
    frame = pd.DataFrame({"size": np.arange(30.0), "city": ["Bern", "Rome"] * 15})
    encoder = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["city"]), remainder="passthrough")
    model, _ = model_of(make_pipeline(encoder, RandomForestRegressor(2)).fit(frame, NUMBERS), frame)
    with pytest.raises(PredictionFailed, match="Input X contains infinity or a value too large"):
        model.predict(Rows((np.array([1e300]), np.array(["Oslo"], dtype=object))))


def test_categories_that_nobody_wrote_down_are_not_blamed() -> None:
    frame = pd.DataFrame({"city": ["Bern", "Rome"] * 15})
    encoder = OneHotEncoder(handle_unknown="error")
    model, _ = model_of(make_pipeline(encoder, LinearRegression()).fit(frame, NUMBERS), frame)
    column = msgspec.structs.replace(model.signature.columns[0], categories=())
    unlisted = replace(model, signature=msgspec.structs.replace(model.signature, columns=(column,)))
    with pytest.raises(PredictionFailed, match="the model fails on these rows: ValueError: Found unknown categories"):
        unlisted.predict(Rows((np.array(["Oslo"], dtype=object),)))
