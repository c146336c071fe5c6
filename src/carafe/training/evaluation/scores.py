"""The one score by which models are compared: log loss for classes, root mean squared error for numbers.

Both are smaller for the better model. The log loss is a proper score: it rewards honest probabilities, however rare a
class is and wherever a threshold is put later (Good, "Rational decisions", 1952).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from carafe.schema import Task
from carafe.training.algorithms.algorithm import jobs
from carafe.training.labelled import Labelled

MAIN = {Task.CLASSIFICATION: "log_loss", Task.REGRESSION: "rmse"}
"""The name of the score of each task."""

_LEAST = float(np.finfo(np.float64).eps)
"""The probability that is counted where a model excluded what happened."""


def score(estimator: Any, data: Labelled) -> float:  # noqa: ANN401 - scikit-learn ships no types
    """Return the score of a fitted pipeline on labelled rows; the smaller the better."""
    with threadpool_limits(limits=jobs(data.count)):
        return _score(estimator, data)


def _score(estimator: Any, data: Labelled) -> float:  # noqa: ANN401 - scikit-learn ships no types
    if data.signature.target.task is Task.REGRESSION:
        return root_mean_squared_error(data.target, estimator.predict(data.frame()))
    return log_loss(data.target, estimator.predict_proba(data.frame()), estimator.classes_)


def log_loss(expected: NDArray[Any], probabilities: NDArray[np.float64], classes: NDArray[Any]) -> float:
    """Return the mean of -ln(p), where p is the probability that was given to the class that came.

    ``probabilities`` is (n, classes). A class that is not among ``classes`` was given none.
    """
    order = np.argsort(classes)
    place = np.searchsorted(classes, expected, sorter=order).clip(max=len(classes) - 1)
    column = order[place]
    known = classes[column] == expected
    given = np.where(known, probabilities[np.arange(len(expected)), column], 0.0)
    return float(-np.log(given.clip(_LEAST, 1.0)).mean()) + 0.0  # no -0.0 where every probability is 1


def root_mean_squared_error(expected: NDArray[np.float64], predicted: NDArray[np.float64]) -> float:
    """Return the square root of the mean squared difference, in the unit of the target."""
    return float(np.sqrt(np.mean((expected - predicted) ** 2)))
