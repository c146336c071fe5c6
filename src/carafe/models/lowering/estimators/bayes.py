"""Naive Bayes, discriminants, and the baseline that says the same to everything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.naive_bayes import GaussianNB, MultinomialNB

from carafe.models.lowering.estimators.drawing import Drawing
from carafe.models.lowering.estimators.lowering import Lowering
from carafe.models.lowering.heads import Chances, Classes, Decision, Numbers
from carafe.models.lowering.kernel import GRAPH, Accepts, Constant, Graph, Linear
from carafe.models.lowering.refusal import NotLowered

_SOFTMAX = Classes(chances=Chances.SOFTMAX, decision=Decision.LARGEST)


def _gaussian(estimator: Any) -> Lowering:  # noqa: ANN401 - scikit-learn ships no types
    """Return the logarithm of each class's prior and of its features' normal densities, added up."""
    means, variances = np.asarray(estimator.theta_), np.asarray(estimator.var_)
    start = np.log(estimator.class_prior_) - 0.5 * np.log(2.0 * np.pi * variances).sum(axis=1)
    drawing = Drawing()
    row = drawing.add("Unsqueeze", "X", drawing.constant([1], np.int64))
    away = drawing.add("Sub", row, drawing.constant(means))
    terms = drawing.add("Div", drawing.add("Mul", away, away), drawing.constant(variances))
    sums = drawing.add("ReduceSum", terms, drawing.constant([2], np.int64), keepdims=0)
    name = drawing.affine(sums, -0.5, start)
    outputs, width = means.shape
    content = drawing.content(name, width=width, outputs=outputs)
    kernel = Graph(width=width, outputs=outputs, accepts=Accepts(), breadth=4 * outputs * width)
    return Lowering(kernel=kernel, head=_SOFTMAX, files={GRAPH: content})


def _multinomial(estimator: Any) -> Lowering:  # noqa: ANN401
    kernel = Linear(
        weights=tuple(map(tuple, estimator.feature_log_prob_.tolist())),
        intercepts=tuple(np.asarray(estimator.class_log_prior_).tolist()),
    )
    return Lowering(kernel=kernel, head=_SOFTMAX)


def _constant_number(estimator: Any) -> Lowering:  # noqa: ANN401
    if estimator.n_outputs_ != 1:
        raise NotLowered(f"DummyRegressor answers with {estimator.n_outputs_} outputs")
    return Lowering(kernel=Constant(scores=(float(np.ravel(estimator.constant_)[0]),)), head=Numbers())


def _constant_class(estimator: Any) -> Lowering:  # noqa: ANN401
    """Return its probabilities and, after them, its class: the two need not go together."""
    if estimator.strategy in ("stratified", "uniform"):
        raise NotLowered(f"DummyClassifier draws lots with strategy={estimator.strategy!r}")
    row = np.zeros((1, 1))
    named = np.flatnonzero(np.asarray(estimator.classes_) == estimator.predict(row)[0])
    scores = (*estimator.predict_proba(row)[0].tolist(), float(named[0]))
    return Lowering(kernel=Constant(scores=scores), head=Classes(chances=Chances.GIVEN, decision=Decision.NAMED))


BAYES: Mapping[type, Callable[[Any], Lowering]] = {
    GaussianNB: _gaussian,
    MultinomialNB: _multinomial,
    DummyClassifier: _constant_class,
    DummyRegressor: _constant_number,
}
"""Exact types, as in ``linear.py``."""
