"""Everything but trees, lowered: numbers and probabilities to 1e-9, classes as the estimator decides them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import (
    ElasticNet,
    GammaRegressor,
    HuberRegressor,
    Lasso,
    LinearRegression,
    LogisticRegression,
    Perceptron,
    PoissonRegressor,
    Ridge,
    RidgeClassifier,
    SGDClassifier,
    TweedieRegressor,
)
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB, MultinomialNB
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, QuantileTransformer, RobustScaler, StandardScaler
from sklearn.svm import SVC, SVR, LinearSVC, LinearSVR, NuSVC, NuSVR

from carafe.errors import InvalidParameter, PredictionFailed
from carafe.models.lowering.estimators import lower_estimator
from carafe.models.lowering.refusal import NotLowered
from carafe.schema import Rows
from lowered_cases import odd_rows, table, target
from lowered_models import assert_same, lowered_and_native

_REGRESSORS: list[Any] = [
    *(LinearRegression(), Ridge(), Lasso(0.01), ElasticNet(0.01), HuberRegressor(), LinearSVR(random_state=0)),
    *(PoissonRegressor(), GammaRegressor(), TweedieRegressor(power=1.5), TweedieRegressor(power=0)),
    *(SVR(), NuSVR(), SVR(kernel="poly", degree=2), SVR(kernel="linear"), SVR(kernel="sigmoid")),
    *(
        MLPRegressor(hidden_layer_sizes=(5, 3), max_iter=200, random_state=0),
        MLPRegressor(hidden_layer_sizes=(4,), activation="tanh", random_state=0),
    ),
    *(DummyRegressor(), DummyRegressor(strategy="median")),
    TransformedTargetRegressor(Ridge(), transformer=StandardScaler()),
    TransformedTargetRegressor(Ridge(), transformer=RobustScaler()),
    TransformedTargetRegressor(Ridge(), transformer=MinMaxScaler()),
    TransformedTargetRegressor(Ridge(), func=np.log1p, inverse_func=np.expm1),
    TransformedTargetRegressor(Ridge(), func=np.log, inverse_func=np.exp),
    TransformedTargetRegressor(make_pipeline(StandardScaler(), SVR()), transformer=StandardScaler()),
    make_pipeline(StandardScaler(), GridSearchCV(make_pipeline(MinMaxScaler(), Ridge()), {"ridge__alpha": [1.0]})),
]
_CLASSIFIERS: list[Any] = [
    *(LogisticRegression(max_iter=500), RidgeClassifier(), Perceptron(), LinearSVC(random_state=0)),
    *(SGDClassifier(random_state=0), SGDClassifier(loss="log_loss", random_state=0), LinearDiscriminantAnalysis()),
    *(SVC(), SVC(kernel="poly"), SVC(break_ties=True), NuSVC(nu=0.2)),
    *(GaussianNB(), MLPClassifier((5,), max_iter=200, random_state=0)),
    MLPClassifier((5,), activation="logistic", max_iter=200, random_state=0),
    *(DummyClassifier(), DummyClassifier(strategy="most_frequent"), DummyClassifier(strategy="constant", constant="c")),
    CalibratedClassifierCV(SVC(), ensemble=False),
    CalibratedClassifierCV(LinearSVC(random_state=0), ensemble=False),
]
_QUIET = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def _scaled() -> Any:
    return StandardScaler().fit_transform(table())


@_QUIET
@pytest.mark.parametrize("estimator", _REGRESSORS, ids=str)
def test_a_regressor_answers_as_it_did(estimator: Any) -> None:
    matrix = _scaled()
    estimator.fit(matrix, target(matrix) - target(matrix).min() + 0.1)

    lowered, native = lowered_and_native(estimator, matrix)

    assert_same(lowered, native, Rows(tuple(matrix.T)))


@_QUIET
@pytest.mark.parametrize("classes", [2, 3, 4])
@pytest.mark.parametrize("estimator", _CLASSIFIERS, ids=str)
def test_a_classifier_answers_as_it_did(estimator: Any, classes: int) -> None:
    matrix = _scaled()
    edges = np.quantile(target(matrix), np.linspace(0, 1, classes + 1)[1:-1])
    estimator.fit(matrix, np.array(["c", "b", "a", "d"])[np.digitize(target(matrix), edges)])

    lowered, native = lowered_and_native(estimator, matrix)

    assert_same(lowered, native, Rows(tuple(matrix.T)))


def test_a_linear_model_takes_numbers_far_away() -> None:
    matrix = _scaled()
    lowered, native = lowered_and_native(Ridge().fit(matrix, target(matrix)), matrix)

    assert_same(lowered, native, Rows(tuple(odd_rows(matrix, 1e200, -1e300).T)))


def test_counts_of_words_are_multinomial() -> None:
    matrix = table()[:, 2:]
    estimator = MultinomialNB().fit(matrix, np.array(["x", "y", "z"])[matrix[:, 1].astype(int)])

    lowered, native = lowered_and_native(estimator, matrix)

    assert_same(lowered, native, Rows(tuple(matrix.T)))


@pytest.mark.parametrize("estimator", [Ridge(), SVR(), MLPRegressor(hidden_layer_sizes=(3,), random_state=0)], ids=str)
@pytest.mark.parametrize("odd", [None, np.inf])
@_QUIET
def test_what_the_estimator_refuses_is_refused(estimator: Any, odd: float | None) -> None:
    matrix = _scaled()
    lowered, native = lowered_and_native(estimator.fit(matrix, target(matrix)), matrix, nullable=True)
    rows = Rows.of_records(native.signature, [(0.0,) * 4, (0.0, odd, 0.0, 0.0)])

    for model in (native, lowered):
        with pytest.raises(PredictionFailed):
            model.predict(rows)


def test_probabilities_of_a_model_that_gives_none_are_refused_as_natively() -> None:
    matrix = _scaled()
    for model in lowered_and_native(Ridge().fit(matrix, target(matrix)), matrix):
        with pytest.raises(InvalidParameter, match="this model gives none; ask without them"):
            model.predict(Rows(tuple(matrix.T)), probabilities=True)


@pytest.mark.parametrize(
    ("estimator", "reason"),
    [
        (DummyClassifier(strategy="uniform"), "draws lots"),
        (SGDClassifier(loss="modified_huber", random_state=0), "modified Huber"),
        (CalibratedClassifierCV(LinearSVC(random_state=0)), "averages several classifiers"),
        (CalibratedClassifierCV(LinearSVC(random_state=0), method="isotonic", ensemble=False), "method='isotonic'"),
        (CalibratedClassifierCV(RandomForestClassifier(2), ensemble=False), "over RandomForestClassifier"),
    ],
    ids=str,
)
def test_a_classifier_without_an_exact_kernel_says_why(estimator: Any, reason: str) -> None:
    matrix = _scaled()

    with pytest.raises(NotLowered, match=reason):
        lower_estimator(estimator.fit(matrix, target(matrix) > 1))


@pytest.mark.parametrize(
    ("transformer", "reason"),
    [
        (QuantileTransformer(n_quantiles=10), "transformed by QuantileTransformer"),
        (FunctionTransformer(np.sqrt, np.square), "transformed by FunctionTransformer"),
    ],
    ids=str,
)
def test_a_target_without_a_known_way_back_says_so(transformer: Any, reason: str) -> None:
    matrix = _scaled()
    estimator = TransformedTargetRegressor(Ridge(), transformer=transformer)

    with pytest.raises(NotLowered, match=reason):
        lowered_and_native(estimator.fit(matrix, target(matrix) - target(matrix).min()), matrix)
