"""Metrics of a classification.

With TP, FP, FN, TN the counts of right and wrong calls of one class:

================= ============================================================================
log_loss          mean of -ln(p), p the probability given to the class that came; smaller is better
accuracy          the share of rows whose class was called rightly
balanced_accuracy the mean over the classes of the share of their rows that were found
precision         TP / (TP + FP): how often a call is right
recall            TP / (TP + FN): how many were found
f1                the harmonic mean of both, 2 TP / (2 TP + FP + FN)
roc_auc           the probability that a row of the class is ranked above a row of another; 0.5 is chance
================= ============================================================================

With two classes, precision, recall, F1 and ROC-AUC are those of the positive class, the last in order (``1``,
``True``, ``"yes"`` after ``"no"``). With more there are two means: ``_macro`` counts each class alike, ``_weighted``
by its rows; ROC-AUC is the macro mean of each class against the rest. A class that was never called has precision 0.

Sources: Manning, Raghavan and Schütze, "Introduction to Information Retrieval", chapter 8; Fawcett, "An introduction
to ROC analysis", 2006; Brodersen et al., "The balanced accuracy and its posterior distribution", 2010.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score, confusion_matrix, precision_recall_fscore_support, roc_auc_score

from carafe.models.manifest import Confusion
from carafe.models.scores import log_loss
from carafe.schema import Label
from carafe.training.labelled import Labelled

_MEANS = ("macro", "weighted")


def positive_class(classes: tuple[Label, ...]) -> Label | None:
    """Return the class of which precision, recall and F1 speak: the last of two; None where there are more."""
    return classes[1] if len(classes) == 2 else None


def class_metrics(estimator: Any, data: Labelled) -> tuple[dict[str, float], tuple[str, ...]]:  # noqa: ANN401
    """Return the metrics of a fitted classifier by name, and a note for each that these rows do not define."""
    frame, expected = data.frame(), data.target
    called, chances = estimator.predict(frame), estimator.predict_proba(frame)
    classes = data.signature.target.classes
    metrics = {
        "log_loss": log_loss(expected, chances, estimator.classes_),
        "accuracy": float(accuracy_score(expected, called)),
        "balanced_accuracy": _balanced(expected, called),
        **_found(expected, called, classes),
    }
    area, note = _area(expected, chances, estimator.classes_)
    if area is not None:
        metrics["roc_auc"] = area
    return metrics, (note,) if note else ()


def confusion(classes: tuple[Label, ...], expected: NDArray[Any], called: NDArray[Any]) -> Confusion:
    """Return how many held-out rows of each class were called each class; rows of other classes are left out."""
    counts = confusion_matrix(expected, called, labels=np.array(classes))
    return Confusion(labels=classes, counts=tuple(tuple(map(int, row)) for row in counts))


def _balanced(expected: NDArray[Any], called: NDArray[Any]) -> float:
    shares = [float(np.mean(called[expected == label] == label)) for label in np.unique(expected)]
    return float(np.mean(shares))


def _found(expected: NDArray[Any], called: NDArray[Any], classes: tuple[Label, ...]) -> dict[str, float]:
    names = ("precision", "recall", "f1")
    positive = positive_class(classes)
    if positive is not None:
        found = precision_recall_fscore_support(expected, called, labels=[positive], average=None, zero_division=0.0)
        return {name: float(values[0]) for name, values in zip(names, found, strict=False)}
    metrics = {}
    for mean in _MEANS:
        found = precision_recall_fscore_support(expected, called, average=mean, zero_division=0.0)
        metrics.update({f"{name}_{mean}": float(value) for name, value in zip(names, found, strict=False)})
    return metrics


def _area(expected: NDArray[Any], chances: NDArray[np.float64], classes: NDArray[Any]) -> tuple[float | None, str]:
    """Return the area under the ROC curve, or None and why there is none."""
    met = [label for label in classes if (expected == label).any()]
    if len(met) < 2:
        return None, "ROC-AUC is left out: all held-out rows are of one class"
    if len(classes) == 2:
        return float(roc_auc_score(expected == classes[1], chances[:, 1])), ""
    areas = [roc_auc_score(expected == label, chances[:, at]) for at, label in enumerate(classes) if label in met]
    missing = len(classes) - len(met)
    return float(np.mean(areas)), f"ROC-AUC leaves out {missing} classes without held-out rows" if missing else ""
