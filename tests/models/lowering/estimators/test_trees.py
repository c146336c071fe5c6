"""scikit-learn's trees lowered: the same leaf for every row, sums to the last bit, ties as they fell."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LinearRegression
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeRegressor

from carafe.errors import CorruptArtefact, PredictionFailed
from carafe.models.container import ColumnType, Container, Shape
from carafe.models.lowering.estimators import ensemble
from carafe.models.lowering.kernel import MANY, RIVAL, Shares
from carafe.models.lowering.loading import load_lowered
from carafe.models.lowering.lower import lower
from carafe.models.lowering.lowered import PLAN, encode_lowered
from carafe.models.lowering.refusal import NotLowered
from carafe.models.model import Model
from carafe.schema import Column, Kind, Rows, Signature
from lowered_cases import Matrix, odd_rows, table, target
from lowered_models import ARRAY, as_published, assert_same, lowered_and_native, numbers_signature

_REGRESSORS: list[Any] = [
    DecisionTreeRegressor(),
    ExtraTreeRegressor(random_state=0),
    RandomForestRegressor(8, random_state=0),
    HistGradientBoostingRegressor(max_iter=12),
    HistGradientBoostingRegressor(max_iter=12, loss="poisson"),
    HistGradientBoostingRegressor(max_iter=12, loss="gamma"),
    HistGradientBoostingRegressor(max_iter=12, loss="quantile", quantile=0.3),
    HistGradientBoostingRegressor(max_iter=12, categorical_features=[2, 3]),
]
_CLASSIFIERS: list[Any] = [
    DecisionTreeClassifier(max_depth=4),
    RandomForestClassifier(8, min_samples_leaf=2, random_state=0),
    ExtraTreesClassifier(8, random_state=0),
    HistGradientBoostingClassifier(max_iter=12),
    HistGradientBoostingClassifier(max_iter=12, categorical_features=[2, 3]),
]


def _labels(matrix: Matrix, classes: int) -> Any:
    return np.array(["b", "a", "c"])[np.digitize(target(matrix), [1.0, 2.5][: classes - 1])]


@pytest.mark.parametrize("estimator", _REGRESSORS, ids=str)
def test_a_regressor_takes_missing_and_odd_numbers_as_scikit_learn_does(estimator: Any) -> None:
    matrix = table(gaps=True)
    estimator.fit(matrix, np.abs(target(matrix)) + 0.1)

    lowered, native = lowered_and_native(estimator, matrix, nullable=True)

    assert_same(lowered, native, Rows(tuple(odd_rows(matrix, np.nan).T)))


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("estimator", _CLASSIFIERS, ids=str)
def test_a_classifier_takes_missing_and_odd_numbers_as_scikit_learn_does(estimator: Any, classes: int) -> None:
    matrix = table(gaps=True)
    estimator.fit(matrix, _labels(matrix, classes))

    lowered, native = lowered_and_native(estimator, matrix, nullable=True)

    assert_same(lowered, native, Rows(tuple(odd_rows(matrix, np.nan).T)))


@pytest.mark.parametrize("odd", [1e39, np.inf])
def test_a_forest_refuses_what_single_precision_does_not_hold(odd: float) -> None:
    matrix = table()
    lowered, native = lowered_and_native(RandomForestRegressor(3).fit(matrix, target(matrix)), matrix)
    rows = Rows.of_records(native.signature, [(0.0, 0.0, 0.0, 0.0), (0.0, odd, 0.0, 0.0)])

    for model in (native, lowered):
        with pytest.raises(PredictionFailed):
            model.predict(rows)


def test_gradient_boosting_refuses_missing_numbers_and_says_so() -> None:
    matrix = table()
    lowered, native = lowered_and_native(
        GradientBoostingRegressor(n_estimators=3).fit(matrix, target(matrix)), matrix, nullable=True
    )
    rows = Rows.of_records(native.signature, [(None, 0.0, 0.0, 0.0)])

    with pytest.raises(PredictionFailed, match="NaN"):
        native.predict(rows)
    with pytest.raises(PredictionFailed, match="a feature is missing, and this model takes none such"):
        lowered.predict(rows)


@settings(max_examples=25)
@given(st.lists(st.integers(0, 3), min_size=12, max_size=40), st.integers(2, 3), st.integers(0, 10))
def test_votes_that_are_tied_fall_as_in_scikit_learn(cells: list[int], classes: int, seed: int) -> None:
    matrix = np.array(cells[: len(cells) // 2 * 2], dtype=np.float64).reshape(-1, 2)
    labels = np.arange(len(matrix)) % classes
    lowered, native = lowered_and_native(RandomForestClassifier(6, random_state=seed).fit(matrix, labels), matrix)

    every = np.array([(first, second) for first in range(4) for second in range(4)], dtype=np.float64)

    assert_same(lowered, native, Rows(tuple(every.T)))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(*[st.floats(-1e30, 1e30, allow_nan=False)] * 4), min_size=1, max_size=20))
def test_any_numbers_come_to_the_leaves_that_scikit_learn_finds(cells: list[tuple[float, ...]]) -> None:
    lowered, native = _FOREST

    assert_same(lowered, native, Rows(tuple(np.array(cells, dtype=np.float64).T)))


_TABLE = table()
_FOREST = lowered_and_native(RandomForestRegressor(5, random_state=0).fit(_TABLE, target(_TABLE)), _TABLE)


@pytest.mark.parametrize(
    "estimator",
    [
        RandomForestRegressor(4, random_state=0),
        RandomForestClassifier(4, random_state=0),
        GradientBoostingClassifier(n_estimators=4, random_state=0),
    ],
    ids=str,
)
@pytest.mark.parametrize("classes", [2, 3])
def test_many_rows_go_through_one_tree_after_the_other(
    estimator: Any, classes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ensemble, "_CACHED", 10)
    matrix = table()
    numbers = isinstance(estimator, RandomForestRegressor)
    estimator.fit(matrix, target(matrix) if numbers else _labels(matrix, classes))
    _, files = lower(estimator, signature=numbers_signature(estimator, 4), container=ARRAY)
    assert "bulk.onnx" in files
    lowered, native = lowered_and_native(estimator, matrix)
    rows = Rows(tuple(np.resize(matrix, (MANY, 4)).T))

    many, few = lowered.predict(rows, probabilities=not numbers), native.predict(rows, probabilities=not numbers)

    np.testing.assert_array_equal(many.values, few.values)
    if not numbers:
        np.testing.assert_allclose(np.asarray(many.probabilities), np.asarray(few.probabilities), rtol=1e-9, atol=0)


def test_two_classes_are_one_sum_and_only_ties_ask_for_the_other() -> None:
    matrix = table()
    estimator = RandomForestClassifier(8, random_state=0).fit(matrix, _labels(matrix, 2))

    lowered, files = lower(estimator, signature=numbers_signature(estimator, 4), container=ARRAY)

    assert isinstance(lowered.kernel, Shares)
    assert set(files) == {"model.onnx", "rival.onnx"}


def test_a_graph_that_few_requests_need_is_missed_when_the_version_is_loaded() -> None:
    matrix = table()
    estimator = RandomForestClassifier(8, random_state=0).fit(matrix, _labels(matrix, 2))
    signature = numbers_signature(estimator, 4)
    lowered, files = lower(estimator, signature=signature, container=ARRAY)
    there = {PLAN: encode_lowered(lowered), **files}
    load_lowered(there, signature=signature, native=_unasked)
    with pytest.raises(CorruptArtefact, match=r"rival\.onnx: missing"):
        load_lowered({name: there[name] for name in there if name != RIVAL}, signature=signature, native=_unasked)


def _unasked() -> Model:
    raise AssertionError


def test_boosting_that_starts_from_another_estimator_is_not_lowered() -> None:
    matrix = table()
    estimator = GradientBoostingRegressor(n_estimators=3, init=LinearRegression()).fit(matrix, target(matrix))

    with pytest.raises(NotLowered, match="starts from an estimator of its own"):
        lowered_and_native(estimator, matrix)


def test_a_frame_of_categories_is_encoded_as_histogram_boosting_does() -> None:
    draw = np.random.default_rng(2)
    city = pd.Categorical(draw.choice(["Bonn", "Kiel", "Ulm"], 300))
    frame = pd.DataFrame({"area": draw.normal(size=300).round(1), "city": city})
    estimator = HistGradientBoostingRegressor(max_iter=10, categorical_features="from_dtype")
    estimator.fit(frame, frame["area"] + 3.0 * (frame["city"] == "Kiel"))
    columns = (
        Column(name="area", kind=Kind.NUMBER, nullable=True),
        Column(name="city", kind=Kind.CATEGORY, nullable=True),
    )
    signature = Signature(columns=columns, target=numbers_signature(estimator, 1).target)
    types = (ColumnType(dtype="float64"), ColumnType(dtype="category", categories=("Bonn", "Kiel", "Ulm")))

    lowered, native = as_published(estimator, signature, Container(shape=Shape.PANDAS, columns=types))

    met = np.array(["Ulm", "Bonn", "Kiel", "Rome", None] * 12, dtype=object)
    assert_same(lowered, native, Rows((np.resize([0.5, np.nan, -1.0], 60), met)))
