"""Every estimator that Carafe lowers answers as scikit-learn's own, by matrix and by row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import (
    LinearRegression,
    LogisticRegression,
    PoissonRegressor,
    RidgeClassifier,
    SGDClassifier,
)
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from carafe.schema import Rows
from lowered_models import assert_same, lowered_and_native

_REGRESSORS: list[Any] = [
    LinearRegression(),
    PoissonRegressor(),
    DecisionTreeRegressor(),
    DecisionTreeRegressor(max_depth=1),
    RandomForestRegressor(5, random_state=0),
    ExtraTreesRegressor(5, random_state=0),
    GradientBoostingRegressor(n_estimators=5, random_state=0),
    GradientBoostingRegressor(n_estimators=5, init="zero", random_state=0),
]
_CLASSIFIERS: list[Any] = [
    LogisticRegression(),
    RidgeClassifier(),
    SGDClassifier(loss="log_loss", random_state=0),
    SGDClassifier(random_state=0),
    DecisionTreeClassifier(max_depth=4),
    RandomForestClassifier(7, min_samples_leaf=3, random_state=0),
    ExtraTreesClassifier(7, random_state=0),
    GradientBoostingClassifier(n_estimators=5, random_state=0),
]
_LABELS: dict[str, Callable[[NDArray[Any]], NDArray[Any]]] = {
    "bool": lambda y: y > 0,
    "two strings": lambda y: np.array(["yes", "no"])[(y > 0).astype(int)],
    "three ints": lambda y: np.array([7, 3, 5])[np.digitize(y, [-0.5, 0.5])],
}


@pytest.fixture(scope="module")
def matrix() -> NDArray[np.float64]:
    return np.random.default_rng(0).normal(size=(120, 4)).round(1)


@pytest.mark.parametrize("estimator", _REGRESSORS, ids=str)
def test_a_regressor_answers_as_it_did(estimator: Any, matrix: NDArray[np.float64]) -> None:
    target = np.abs(matrix @ [1.0, 2.0, -1.0, 0.0] + matrix[:, 0] ** 2)

    lowered, native = lowered_and_native(estimator.fit(matrix, target), matrix)

    assert_same(lowered, native, Rows(tuple(matrix.T)))


@pytest.mark.parametrize("labels", _LABELS)
@pytest.mark.parametrize("estimator", _CLASSIFIERS, ids=str)
def test_a_classifier_answers_as_it_did(estimator: Any, labels: str, matrix: NDArray[np.float64]) -> None:
    target = _LABELS[labels](matrix @ [1.0, 0.5, -1.0, 0.0])

    lowered, native = lowered_and_native(estimator.fit(matrix, target), matrix)

    assert_same(lowered, native, Rows(tuple(matrix.T)))
