"""Where a fitted tree changes its mind, in terms of the signature's columns: the sharpest test of a lowered tree."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor
from sklearn.tree._tree import Tree

from carafe.models.features import Features
from carafe.models.flavours.parts import parts_of
from carafe.schema import Kind, Rows, Signature


def thresholds_of(
    estimator: object, *, signature: Signature, rows: Rows, features: Features
) -> Mapping[int, Sequence[float]]:
    """Return for the position of a numeric column the rising thresholds of the trees that see it as it came.

    Args:
        estimator: the fitted pipeline or estimator.
        signature: its columns.
        rows: some rows.
        features: what the estimator's last step sees of the first of those rows; a column that is found there unchanged
            is one whose thresholds are known.
    """
    found = _by_feature(estimator)
    columns = _unchanged(signature, rows, features)
    return {
        column: sorted(filter(math.isfinite, found[feature])) for feature, column in columns.items() if feature in found
    }


def _by_feature(estimator: object) -> Mapping[int, set[float]]:
    found: dict[int, set[float]] = defaultdict(set)
    for part in parts_of(estimator):
        for feature, threshold in _splits(part):
            found[int(feature)].add(float(threshold))
    return found


def _splits(part: Any) -> Iterable[tuple[int, float]]:  # noqa: ANN401 - scikit-learn ships no types
    """Return (feature, threshold) of every numeric split of a tree of scikit-learn's, or of LightGBM's trees."""
    if isinstance(part, Tree):
        inner = part.children_left >= 0
        return zip(part.feature[inner], part.threshold[inner], strict=True)
    if isinstance(part, TreePredictor):
        nodes = part.nodes[(part.nodes["is_leaf"] == 0) & (part.nodes["is_categorical"] == 0)]
        return zip(nodes["feature_idx"], nodes["num_threshold"], strict=True)
    if type(part).__module__ == "lightgbm.basic" and type(part).__name__ == "Booster":
        return _booster_splits(part.model_to_string())
    return ()


def _booster_splits(text: str) -> Iterator[tuple[int, float]]:
    """Yield the splits of LightGBM's own text; the number of a set of categories is taken for a threshold: no harm."""
    features: list[str] = []
    for line in text.splitlines():
        key, _, value = line.partition("=")
        if key == "split_feature":
            features = value.split()
        elif key == "threshold":
            yield from ((int(f), float(t)) for f, t in zip(features, value.split(), strict=True))


def _unchanged(signature: Signature, rows: Rows, features: Features) -> Mapping[int, int]:
    """Return which feature is which numeric column, found by its numbers."""
    same: dict[int, int] = {}
    rows = rows.take(slice(len(features.matrix)))
    for index, column in enumerate(signature.columns):
        if column.kind in {Kind.NUMBER, Kind.INTEGER}:
            numbers: NDArray[np.float64] = rows.columns[index]
            known = np.isfinite(numbers)
            matches = (features.matrix[known] == numbers[known, None]).all(axis=0)
            same.update(dict.fromkeys(np.flatnonzero(matches & known.any()).tolist(), index))
    return same
