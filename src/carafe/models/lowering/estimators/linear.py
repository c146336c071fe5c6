"""Linear models: weighted sums, which plain Python adds up faster than any graph is called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import (
    ARDRegression,
    BayesianRidge,
    ElasticNet,
    ElasticNetCV,
    GammaRegressor,
    HuberRegressor,
    Lars,
    LarsCV,
    Lasso,
    LassoCV,
    LassoLars,
    LassoLarsCV,
    LassoLarsIC,
    LinearRegression,
    LogisticRegression,
    LogisticRegressionCV,
    OrthogonalMatchingPursuit,
    OrthogonalMatchingPursuitCV,
    Perceptron,
    PoissonRegressor,
    QuantileRegressor,
    Ridge,
    RidgeClassifier,
    RidgeClassifierCV,
    RidgeCV,
    SGDClassifier,
    SGDRegressor,
    TheilSenRegressor,
    TweedieRegressor,
)
from sklearn.svm import LinearSVC, LinearSVR

from carafe.models.lowering.estimators.lowering import Lowering
from carafe.models.lowering.heads import Apply, Chances, Classes, Decision, Head, Link, Numbers
from carafe.models.lowering.kernel import Linear
from carafe.models.lowering.refusal import NotLowered


def _linear(estimator: Any, head: Head) -> Lowering:  # noqa: ANN401 - scikit-learn ships no types
    weights = np.atleast_2d(np.asarray(estimator.coef_, dtype=np.float64))
    intercepts = np.broadcast_to(np.asarray(estimator.intercept_, dtype=np.float64), len(weights))
    if isinstance(head, Numbers) and len(weights) != 1:
        raise NotLowered(f"{type(estimator).__name__} answers with {len(weights)} numbers")
    if not (np.isfinite(weights).all() and np.isfinite(intercepts).all()):
        raise NotLowered(f"{type(estimator).__name__} has weights that are not finite")
    kernel = Linear(weights=tuple(map(tuple, weights.tolist())), intercepts=tuple(intercepts.tolist()))
    return Lowering(kernel=kernel, head=head)


def _regression(estimator: Any) -> Lowering:  # noqa: ANN401
    return _linear(estimator, Numbers())


def _exponential(estimator: Any) -> Lowering:  # noqa: ANN401
    return _linear(estimator, Numbers(steps=(Apply(link=Link.EXP),)))


def _tweedie(estimator: Any) -> Lowering:  # noqa: ANN401
    """Return the regression with the link that ``auto`` chose: the logarithm for powers above 0."""
    logarithmic = estimator.link == "log" or (estimator.link == "auto" and estimator.power > 0)
    return _exponential(estimator) if logarithmic else _regression(estimator)


def _classifier(binary: Chances, several: Chances) -> Callable[[Any], Lowering]:
    """Return what lowers a classifier whose probabilities come so of one score, and so of one score a class."""

    def lowered(estimator: Any) -> Lowering:  # noqa: ANN401
        one = len(np.atleast_2d(estimator.coef_)) == 1
        head = Classes(chances=binary if one else several, decision=Decision.POSITIVE if one else Decision.LARGEST)
        return _linear(estimator, head)

    return lowered


_logistic = _classifier(Chances.SIGMOID, Chances.SOFTMAX)
_one_versus_rest = _classifier(Chances.SIGMOID, Chances.SHARED_SIGMOIDS)
_border = _classifier(Chances.NONE, Chances.NONE)


def _stochastic(estimator: Any) -> Lowering:  # noqa: ANN401
    if estimator.loss == "modified_huber":
        raise NotLowered("SGDClassifier has no kernel for the probabilities of its modified Huber loss")
    return (_one_versus_rest if estimator.loss == "log_loss" else _border)(estimator)


LINEAR: Mapping[type, Callable[[Any], Lowering]] = {
    **dict.fromkeys((LinearRegression, Ridge, RidgeCV, Lasso, LassoCV, ElasticNet, ElasticNetCV), _regression),
    **dict.fromkeys((Lars, LarsCV, LassoLars, LassoLarsCV, LassoLarsIC, LinearSVR, SGDRegressor), _regression),
    **dict.fromkeys((BayesianRidge, ARDRegression, HuberRegressor, QuantileRegressor, TheilSenRegressor), _regression),
    **dict.fromkeys((OrthogonalMatchingPursuit, OrthogonalMatchingPursuitCV), _regression),
    **dict.fromkeys((PoissonRegressor, GammaRegressor), _exponential),
    TweedieRegressor: _tweedie,
    **dict.fromkeys((LogisticRegression, LogisticRegressionCV, LinearDiscriminantAnalysis), _logistic),
    **dict.fromkeys((LinearSVC, RidgeClassifier, RidgeClassifierCV, Perceptron), _border),
    SGDClassifier: _stochastic,
}
"""Exact types: a class of a user's own, derived from one of these, may answer with something else."""
