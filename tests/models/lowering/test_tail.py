"""What has no kernel of its own: exact where the converted graph is, and else for the second rung only."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
from sklearn.ensemble import (
    AdaBoostClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingRegressor,
    VotingRegressor,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, PolynomialFeatures, StandardScaler
from sklearn.tree import DecisionTreeRegressor

from carafe.models.lowering.lower import lower
from carafe.models.lowering.lowered import LoweredModel
from carafe.models.lowering.refusal import NotLowered
from carafe.models.lowering.whole import convert_whole
from carafe.schema import Rows
from lowered_cases import table, target
from lowered_models import ARRAY, assert_same, lowered_and_native, numbers_signature

_MATRIX = table()
_CLASSES = np.array(["low", "mid", "high"])[np.digitize(target(_MATRIX), [1.0, 3.0])]
_REGRESSORS: list[Any] = [
    make_pipeline(StandardScaler(), PCA(2), Ridge()),
    make_pipeline(StandardScaler(), PCA(2), RandomForestRegressor(5, random_state=0)),
    make_pipeline(PolynomialFeatures(2), Ridge()),
    make_pipeline(PolynomialFeatures(3, interaction_only=True, include_bias=False), StandardScaler(), Ridge()),
    VotingRegressor([("one", Ridge()), ("two", Ridge(5.0))]),
]
_CLASSIFIERS: list[Any] = [
    make_pipeline(StandardScaler(), PCA(2), LogisticRegression()),
    make_pipeline(PCA(3), RandomForestClassifier(5, random_state=0)),
    QuadraticDiscriminantAnalysis(reg_param=0.1),
]


@pytest.mark.parametrize("estimator", _REGRESSORS, ids=str)
def test_a_regressor_behind_a_graph_answers_as_it_did(estimator: Any) -> None:
    lowered, native = lowered_and_native(estimator.fit(_MATRIX, target(_MATRIX)), _MATRIX)

    assert_same(lowered, native, Rows(tuple(_MATRIX.T)))


@pytest.mark.parametrize("labels", [_CLASSES, _CLASSES == "low", np.digitize(target(_MATRIX), [1.0, 3.0])])
@pytest.mark.parametrize("estimator", _CLASSIFIERS, ids=str)
def test_a_classifier_behind_a_graph_answers_as_it_did(estimator: Any, labels: Any) -> None:
    lowered, native = lowered_and_native(estimator.fit(_MATRIX, labels), _MATRIX)

    assert_same(lowered, native, Rows(tuple(_MATRIX.T)))


def test_features_behind_a_graph_are_the_native_models_to_show() -> None:
    estimator = make_pipeline(StandardScaler(), PCA(2), Ridge()).fit(_MATRIX, target(_MATRIX))
    lowered, native = lowered_and_native(estimator, _MATRIX)
    rows = Rows(tuple(_MATRIX.T))

    shown = lowered.transform(rows)

    assert shown.names == native.transform(rows).names == ("pca0", "pca1")
    np.testing.assert_array_equal(shown.matrix, native.transform(rows).matrix)


def test_single_precision_is_for_the_second_rung() -> None:
    estimator = StackingRegressor([("line", Ridge()), ("tree", DecisionTreeRegressor(max_depth=3))])
    estimator.fit(_MATRIX, target(_MATRIX))
    signature = numbers_signature(estimator, 4)
    with pytest.raises(NotLowered, match="the graph of StackingRegressor partly computes in single precision"):
        lower(estimator, signature=signature, container=ARRAY)

    lowered, files = convert_whole(estimator, signature=signature, container=ARRAY)

    def never() -> Any:
        raise AssertionError

    model = LoweredModel(lowered, files=files, signature=signature, native=never)
    assert lowered.tolerance == 1e-6
    rows = Rows(tuple(_MATRIX.T))
    np.testing.assert_allclose(model.predict(rows).values, estimator.predict(_MATRIX), rtol=1e-5)


@pytest.mark.parametrize(
    ("estimator", "reason"),
    [
        (AdaBoostClassifier(n_estimators=3, random_state=0), "ONNX Runtime refuses its converted graph"),
        (KNeighborsClassifier(weights="distance"), "which of equally near neighbours count"),
        (make_pipeline(FunctionTransformer(np.sinh), LogisticRegression()), "is not converted to ONNX"),
    ],
    ids=str,
)
def test_what_a_converter_fails_on_is_not_lowered_and_says_why(estimator: Any, reason: str) -> None:
    estimator.fit(_MATRIX, _CLASSES)

    with pytest.raises(NotLowered, match=reason):
        lower(estimator, signature=numbers_signature(estimator, 4), container=ARRAY)
