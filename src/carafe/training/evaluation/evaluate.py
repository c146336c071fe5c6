"""How good a model is on rows it has never seen, beside a baseline that does not look at the columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from carafe.models.manifest import Confusion, Metric
from carafe.models.scores import MAIN
from carafe.schema import Label, Task
from carafe.training.evaluation.classes import class_metrics, confusion, positive_class
from carafe.training.evaluation.numbers import number_metrics
from carafe.training.labelled import Labelled


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """The metrics, the main one first; the confusion matrix and the positive class where there are any; notes."""

    metrics: tuple[Metric, ...]
    confusion: Confusion | None
    positive: Label | None
    notes: tuple[str, ...]


def evaluate(estimator: Any, baseline: Any, data: Labelled) -> Evaluation:  # noqa: ANN401 - scikit-learn ships no types
    """Compare a fitted pipeline and a fitted baseline on held-out rows.

    A metric that these rows do not define, such as the ROC-AUC of a single class, is left out and said in a note.
    """
    if data.signature.target.task is Task.REGRESSION:
        mine, notes = number_metrics(data.target, estimator.predict(data.frame()))
        other, _ = number_metrics(data.target, baseline.predict(data.frame()))
        return Evaluation(metrics=_beside(mine, other, Task.REGRESSION), confusion=None, positive=None, notes=notes)
    classes = data.signature.target.classes
    mine, notes = class_metrics(estimator, data)
    other, _ = class_metrics(baseline, data)
    return Evaluation(
        metrics=_beside(mine, other, Task.CLASSIFICATION),
        confusion=confusion(classes, data.target, estimator.predict(data.frame())),
        positive=positive_class(classes),
        notes=notes,
    )


def _beside(mine: Mapping[str, float], other: Mapping[str, float], task: Task) -> tuple[Metric, ...]:
    names = sorted(mine, key=lambda name: name != MAIN[task])  # stable: the main one first, the others as they came
    return tuple(
        Metric(name=name, value=mine[name], baseline=other.get(name)) for name in names if np.isfinite(mine[name])
    )
