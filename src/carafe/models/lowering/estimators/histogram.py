"""scikit-learn's histogram gradient boosting, its own treatment of missing values and categories included."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from carafe.models.lowering.estimators.ensemble import LEAF, Tree, constant_tree, ensemble_files
from carafe.models.lowering.estimators.lowering import Lowering
from carafe.models.lowering.heads import Apply, Chances, Classes, Decision, Link, Numbers
from carafe.models.lowering.kernel import BULK, Accepts, Graph

_BITS = 32
"""How many categories one word of a set holds."""


def own_encoder(estimator: Any) -> ColumnTransformer | None:  # noqa: ANN401 - scikit-learn ships no types
    """Return the step that histogram boosting puts before its trees, where it encodes categories, and else None.

    It is the estimator's own, but for numbers: those it only converts, which a plan has done.
    """
    own = getattr(estimator, "_preprocessor", None)
    if type(estimator) not in HISTOGRAM or own is None:
        return None
    steps = [
        (name, "passthrough" if name == "numerical" else step, columns) for name, step, columns in own.transformers_
    ]
    encoder = copy.copy(own)
    encoder.transformers_ = steps
    return encoder


def _regression(estimator: Any) -> Lowering:  # noqa: ANN401
    exponential = estimator.loss in ("poisson", "gamma")
    return _lowered(estimator, Numbers(steps=(Apply(link=Link.EXP),) if exponential else ()))


def _classification(estimator: Any) -> Lowering:  # noqa: ANN401
    if estimator.n_trees_per_iteration_ == 1:
        return _lowered(estimator, Classes(chances=Chances.SIGMOID, decision=Decision.POSITIVE))
    return _lowered(estimator, Classes(chances=Chances.SOFTMAX, decision=Decision.LARGEST))


def _lowered(estimator: Any, head: Numbers | Classes) -> Lowering:  # noqa: ANN401
    width, outputs = int(estimator.n_features_in_), int(estimator.n_trees_per_iteration_)
    start = np.broadcast_to(np.ravel(estimator._baseline_prediction), outputs)  # noqa: SLF001 - no public name
    trees = [constant_tree(value, target=index) for index, value in enumerate(start.tolist())]
    trees += [
        _tree(predictor, target)
        for stage in estimator._predictors  # noqa: SLF001 - no public name
        for target, predictor in enumerate(stage)
    ]
    files = ensemble_files(trees, width=width, targets=outputs)
    accepts = Accepts(missing=True, infinite=True)
    kernel = Graph(width=width, outputs=outputs, accepts=accepts, bulk=BULK in files)
    return Lowering(kernel=kernel, head=head, files=files)


def _tree(predictor: Any, target: int) -> Tree:  # noqa: ANN401
    nodes = predictor.nodes
    leaf = nodes["is_leaf"] != 0
    sets = predictor.raw_left_cat_bitsets
    split = np.flatnonzero(~leaf & (nodes["is_categorical"] != 0)).tolist()
    return Tree(
        feature=nodes["feature_idx"].astype(np.int64),
        threshold=np.where(leaf, 0.0, nodes["num_threshold"]).astype(np.float64),
        left=np.where(leaf, LEAF, nodes["left"].astype(np.int64)),
        right=np.where(leaf, LEAF, nodes["right"].astype(np.int64)),
        missing_left=(nodes["missing_go_to_left"] != 0) & ~leaf,
        value=nodes["value"].astype(np.float64),
        target=target,
        members={node: members_of(sets[nodes["bitset_idx"][node]]) for node in split},
    )


def members_of(words: NDArray[np.uint32]) -> list[int]:
    """Return the numbers in a set of bits, 32 a word, the lowest first."""
    bits = (np.asarray(words, dtype=np.uint32)[:, None] >> np.arange(_BITS, dtype=np.uint32)) & 1
    return np.flatnonzero(bits.ravel()).tolist()


HISTOGRAM: Mapping[type, Callable[[Any], Lowering]] = {
    HistGradientBoostingRegressor: _regression,
    HistGradientBoostingClassifier: _classification,
}
"""Exact types, as in ``linear.py``."""
