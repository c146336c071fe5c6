"""Support vectors, networks, neighbours, and the baseline that every other must beat."""

from __future__ import annotations

from typing import Any

from sklearn.calibration import CalibratedClassifierCV
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.model_selection import StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.svm import SVC, SVR, LinearSVC, LinearSVR

from carafe.errors import UntrainableTable
from carafe.training.algorithms.algorithm import Algorithm, Setting, Variant, always, scaled_target
from carafe.training.features.parts import Family
from carafe.training.recipe import Parameter

_DISTANCE = always(Family.DISTANCE)


def _calibrated(estimator: Any, setting: Setting) -> Any:  # noqa: ANN401 - scikit-learn ships no types
    """Give support vectors probabilities: a sigmoid through their distances from the border, met in cross-validation.

    Source: Platt, "Probabilistic outputs for support vector machines", 1999.
    """
    if setting.smallest_class < 2:
        raise UntrainableTable("svm needs at least 2 rows of each class: a class in the training rows has only one")
    folds = StratifiedKFold(n_splits=min(5, setting.smallest_class), shuffle=True, random_state=setting.seed)
    return CalibratedClassifierCV(estimator, cv=folds, ensemble=False)


def _support(linear: Any, kernel: Any) -> Any:  # noqa: ANN401 - estimators' classes
    """Return the choice of the linear class for texts, where a kernel adds time and no accuracy."""
    return lambda _params, setting: linear if setting.text_only else kernel


def _network(setting: Setting) -> dict[str, Parameter]:
    del setting
    return {"hidden_layer_sizes": [64, 32], "alpha": 0.01, "max_iter": 300, "early_stopping": False}


def _neighbours(setting: Setting) -> dict[str, Parameter]:
    return {"n_neighbors": max(1, min(15, setting.rows // 3)), "weights": "distance"}


SVM = Algorithm(
    name="svm",
    classification=Variant(
        kind=_support(LinearSVC, SVC), family=_DISTANCE, defaults=always({"C": 1.0}), wrap=_calibrated
    ),
    regression=Variant(
        kind=_support(LinearSVR, SVR), family=_DISTANCE, defaults=always({"C": 1.0}), wrap=scaled_target
    ),
)
"""Support vectors with a Gaussian kernel; linear ones for texts."""

MLP = Algorithm(
    name="mlp",
    classification=Variant(kind=always(MLPClassifier), family=_DISTANCE, defaults=_network),
    regression=Variant(kind=always(MLPRegressor), family=_DISTANCE, defaults=_network, wrap=scaled_target),
)
"""A neural network: a multi-layer perceptron."""

KNN = Algorithm(
    name="knn",
    classification=Variant(kind=always(KNeighborsClassifier), family=_DISTANCE, defaults=_neighbours),
    regression=Variant(kind=always(KNeighborsRegressor), family=_DISTANCE, defaults=_neighbours),
)
"""The nearest neighbours vote."""


BASELINE = Algorithm(
    name="baseline",
    classification=Variant(
        kind=always(DummyClassifier), family=always(Family.TREES), defaults=always({"strategy": "prior"})
    ),
    regression=Variant(kind=always(DummyRegressor), family=always(Family.TREES), defaults=always({"strategy": "mean"})),
)
"""What can be said without looking at the columns: the share of each class, or the target's mean."""
