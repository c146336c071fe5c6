"""Neural networks as graphs in double precision."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sklearn.neural_network import MLPClassifier, MLPRegressor

from carafe.models.lowering.estimators.drawing import Drawing
from carafe.models.lowering.estimators.lowering import Lowering
from carafe.models.lowering.heads import Apply, Chances, Classes, Decision, Head, Link, Numbers
from carafe.models.lowering.kernel import GRAPH, Accepts, Graph
from carafe.models.lowering.refusal import NotLowered

_ACTIVATIONS: Mapping[str, str | None] = {"identity": None, "logistic": "Sigmoid", "tanh": "Tanh", "relu": "Relu"}


def _regression(estimator: Any) -> Lowering:  # noqa: ANN401 - scikit-learn ships no types
    if estimator.n_outputs_ != 1:
        raise NotLowered(f"MLPRegressor answers with {estimator.n_outputs_} outputs")
    exponential = estimator.out_activation_ == "exp"
    return _layers(estimator, Numbers(steps=(Apply(link=Link.EXP),) if exponential else ()))


def _classification(estimator: Any) -> Lowering:  # noqa: ANN401
    if estimator.out_activation_ == "softmax":
        return _layers(estimator, Classes(chances=Chances.SOFTMAX, decision=Decision.LIKELIEST))
    if estimator.n_outputs_ != 1:
        raise NotLowered("MLPClassifier answers with several labels a row")
    return _layers(estimator, Classes(chances=Chances.SIGMOID, decision=Decision.LIKELIEST))


def _layers(estimator: Any, head: Head) -> Lowering:  # noqa: ANN401
    """Return the layers as a graph; what is applied to the last one's sums is the head's part."""
    drawing, name = Drawing(), "X"
    activation = _ACTIVATIONS[estimator.activation]
    for index, (weights, intercepts) in enumerate(zip(estimator.coefs_, estimator.intercepts_, strict=True)):
        if index and activation is not None:
            name = drawing.add(activation, name)
        name = drawing.add("MatMul", name, drawing.constant(weights))
        name = drawing.add("Add", name, drawing.constant(intercepts))
    width, outputs = int(estimator.n_features_in_), int(estimator.n_outputs_)
    content = drawing.content(name, width=width, outputs=outputs)
    breadth = 2 * max(len(intercepts) for intercepts in estimator.intercepts_)
    kernel = Graph(width=width, outputs=outputs, accepts=Accepts(), breadth=breadth)
    return Lowering(kernel=kernel, head=head, files={GRAPH: content})


NETWORKS: Mapping[type, Callable[[Any], Lowering]] = {MLPRegressor: _regression, MLPClassifier: _classification}
"""Exact types, as in ``linear.py``."""
