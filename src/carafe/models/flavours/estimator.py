"""What a fitted scikit-learn estimator says of itself: its task, its classes, the columns it was fitted on."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, is_classifier, is_regressor
from sklearn.exceptions import NotFittedError
from sklearn.model_selection._search import BaseSearchCV
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from carafe.errors import UnsupportedModel
from carafe.models.flavours.parts import parts_of
from carafe.schema import Label, Target, Task


def published_part(estimator: object) -> Any:  # noqa: ANN401 - scikit-learn ships no types
    """Return the estimator that answers: the best one of a finished search, anything else as it is.

    Raises:
        UnsupportedModel: when it is no estimator, or not fitted.
    """
    kind = type(estimator).__name__
    if isinstance(estimator, type) or not isinstance(estimator, BaseEstimator):
        what = f"the class {estimator.__name__}" if isinstance(estimator, type) else f"an object of type {kind}"
        raise UnsupportedModel(f"got {what}, expected a fitted scikit-learn estimator or pipeline")
    try:
        check_is_fitted(estimator)
    except (NotFittedError, TypeError) as error:
        raise UnsupportedModel(f"this {kind} is not fitted: call fit(X, y) first, then publish it") from error
    if isinstance(estimator, BaseSearchCV):
        if not hasattr(estimator, "best_estimator_"):
            raise UnsupportedModel(f"this {kind} kept no fitted estimator: search with refit=True, or fit the best one")
        return published_part(estimator.best_estimator_)
    return estimator


def target_of(estimator: Any, name: str) -> Target:  # noqa: ANN401 - scikit-learn ships no types
    """Return what the estimator answers with.

    Raises:
        UnsupportedModel: when it is neither a classifier nor a regressor, answers with several outputs, or has labels
            that JSON can't hold.
    """
    kind = type(estimator.steps[-1][1] if isinstance(estimator, Pipeline) else estimator).__name__
    if is_classifier(estimator):
        return Target(name=name, task=Task.CLASSIFICATION, classes=_labels(estimator.classes_, kind))
    if not is_regressor(estimator):
        raise UnsupportedModel(
            f"{kind} is neither a classifier nor a regressor; clusterers, outlier detectors and transformers can't "
            "be published: put one before a classifier or a regressor in a Pipeline"
        )
    return Target(name=name, task=Task.REGRESSION)


def columns_of(estimator: Any) -> tuple[str, ...] | None:  # noqa: ANN401 - scikit-learn ships no types
    """Return the names of the columns it was fitted on, or None when it was fitted on a table without names."""
    names = getattr(estimator, "feature_names_in_", None)
    return None if names is None else tuple(map(str, names))


def width_of(estimator: Any) -> int | None:  # noqa: ANN401 - scikit-learn ships no types
    """Return how many columns it was fitted on, or None where it does not say."""
    count = getattr(estimator, "n_features_in_", None)
    return None if count is None else int(count)


def library_versions(estimator: object) -> tuple[tuple[str, str], ...]:
    """Return the libraries that this model's answers depend on, with their versions."""
    used = {type(part).__module__.partition(".")[0] for part in parts_of(estimator)}
    names = {"numpy", "scipy", "scikit-learn", "skops"} | (used & {"lightgbm"})
    return tuple((name, version(name)) for name in sorted(names))


def _labels(classes: Any, kind: str) -> tuple[Label, ...]:  # noqa: ANN401 - an array, or a list of them
    if isinstance(classes, list) and any(isinstance(each, np.ndarray) for each in classes):
        raise UnsupportedModel(f"this {kind} answers with {len(classes)} outputs; publish one model for each")
    labels = [each.item() if isinstance(each, np.generic) else each for each in np.asarray(classes).tolist()]
    wrong = next((label for label in labels if not isinstance(label, (str, int, float, bool))), None)
    if wrong is not None:
        raise UnsupportedModel(f"class {wrong!r} is a {type(wrong).__name__}, expected strings, numbers or booleans")
    return tuple(labels)
