"""The figures by which two models are compared: plain numpy, so that a process that only serves can compute them.

Log loss and root mean squared error are smaller for the better model. The log loss is a proper score: it rewards honest
probabilities, however rare a class is and wherever a threshold is put later (Good, "Rational decisions", 1952).
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from carafe.schema import Task

LOG_LOSS = "log_loss"
RMSE = "rmse"
ACCURACY = "accuracy"

MAIN = {Task.CLASSIFICATION: LOG_LOSS, Task.REGRESSION: RMSE}
"""The name of the main figure of each task."""

_LEAST = float(np.finfo(np.float64).eps)
"""The probability that is counted where a model excluded what happened."""

_SMALLER_IS_BETTER = frozenset({"mse", "rmse", "mae", "mape", "log_loss", "brier", "error"})


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


def accuracy(expected: NDArray[Any], called: NDArray[Any]) -> float:
    """Return the share of rows whose class was called rightly."""
    return float(np.mean(expected == called))


def smaller_is_better(metric: str) -> bool:
    """Tell whether a smaller figure is the better one; for every metric not known by name a larger one is."""
    return re.sub(r"[^a-z0-9]+", "_", metric.lower()).strip("_") in _SMALLER_IS_BETTER
