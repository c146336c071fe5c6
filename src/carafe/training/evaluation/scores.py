"""The one score by which algorithms are compared in training: the main figure of the task, the smaller the better."""

from __future__ import annotations

from typing import Any

from threadpoolctl import threadpool_limits

from carafe.models.scores import log_loss, root_mean_squared_error
from carafe.schema import Task
from carafe.training.algorithms.algorithm import jobs
from carafe.training.labelled import Labelled


def score(estimator: Any, data: Labelled) -> float:  # noqa: ANN401 - scikit-learn ships no types
    """Return the score of a fitted pipeline on labelled rows; the smaller the better."""
    with threadpool_limits(limits=jobs(data.count)):
        return _score(estimator, data)


def _score(estimator: Any, data: Labelled) -> float:  # noqa: ANN401 - scikit-learn ships no types
    if data.signature.target.task is Task.REGRESSION:
        return root_mean_squared_error(data.target, estimator.predict(data.frame()))
    return log_loss(data.target, estimator.predict_proba(data.frame()), estimator.classes_)
