"""Look through a loaded model for trees whose nodes point outside themselves.

scikit-learn follows a tree's child and feature numbers without looking: a damaged or crafted tree would read outside
its memory or walk in circles. So every tree is checked once, when it is loaded.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble._forest import BaseForest
from sklearn.ensemble._gb import BaseGradientBoosting
from sklearn.ensemble._hist_gradient_boosting.gradient_boosting import BaseHistGradientBoosting
from sklearn.tree import BaseDecisionTree
from sklearn.tree._tree import Tree

from carafe.errors import CorruptArtefact
from carafe.models.flavours.parts import parts_of

_LEAF = -1
_OTHER_WIDTH = "a tree for another number of features"


def check_trees(estimator: object) -> None:
    """Check every tree inside the estimator.

    Raises:
        CorruptArtefact: when a node's child, feature or set of categories does not exist, or a child is not behind
            its parent, which would make a circle.
    """
    for part in parts_of(estimator):
        if isinstance(part, Tree):
            _check_tree(part)
        elif isinstance(part, BaseDecisionTree) and hasattr(part, "tree_"):
            _check(part.tree_.n_features == part.n_features_in_, _OTHER_WIDTH)
        elif isinstance(part, (BaseForest, BaseGradientBoosting)) and hasattr(part, "estimators_"):
            trees = np.asarray(part.estimators_, dtype=object).flat
            _check(all(tree.n_features_in_ == part.n_features_in_ for tree in trees), _OTHER_WIDTH)
        elif isinstance(part, BaseHistGradientBoosting) and hasattr(part, "_predictors"):
            for predictor in (each for stage in part._predictors for each in stage):  # noqa: SLF001 - no public name
                _check_predictor(predictor, part.n_features_in_)


def check_stages(estimator: object) -> None:
    """Check that every gradient boosting inside the estimator has a sum for each tree of a stage.

    scikit-learn adds the answers up in place, and believes the stages' width. The initial estimator is asked for one
    row here: everything else has to be checked before.

    Raises:
        CorruptArtefact: when a stage has another number of trees than there are sums.
    """
    for part in parts_of(estimator):
        if isinstance(part, BaseGradientBoosting) and hasattr(part, "estimators_"):
            row = np.zeros((1, part.n_features_in_), dtype=np.float32)
            sums = part._raw_predict_init(row)  # noqa: SLF001 - no public name
            _check(np.shape(part.estimators_)[1:] == sums.shape[1:], "stages of another number of trees than sums")


def _check_tree(tree: Any) -> None:  # noqa: ANN401 - scikit-learn ships no types
    left, right, feature = tree.children_left, tree.children_right, tree.feature
    inner = left != _LEAF
    _check(len(left) == tree.node_count == len(tree.value) and len(left) > 0, "a tree of another size than it says")
    _check_children(inner, left, right)
    _check(bool(((right == _LEAF) == ~inner).all()), "a node with one child")
    _check_features(feature[inner], tree.n_features)


def _check_predictor(predictor: Any, features: int) -> None:  # noqa: ANN401 - scikit-learn ships no types
    nodes = predictor.nodes
    inner = nodes["is_leaf"] == 0
    _check(len(nodes) > 0, "a tree without nodes")
    _check_children(inner, nodes["left"].astype(np.int64), nodes["right"].astype(np.int64))
    _check_features(nodes["feature_idx"][inner].astype(np.int64), features)
    sets = nodes["bitset_idx"][inner & (nodes["is_categorical"] != 0)].astype(np.int64)
    known = min(len(predictor.binned_left_cat_bitsets), len(predictor.raw_left_cat_bitsets))
    _check(bool((sets < known).all()), "a set of categories that does not exist")


def _check_children(inner: NDArray[np.bool_], left: NDArray[np.int64], right: NDArray[np.int64]) -> None:
    own = np.arange(len(inner))[inner]
    for child in (left[inner], right[inner]):
        _check(
            bool(((child > own) & (child < len(inner))).all()),
            "a child that does not exist or stands before its parent",
        )


def _check_features(feature: NDArray[np.int64], count: int) -> None:
    _check(bool(((feature >= 0) & (feature < count)).all()), "a feature that does not exist")


def _check(sound: bool, what: str) -> None:  # noqa: FBT001 - an assertion with a message
    if not sound:
        raise CorruptArtefact(f"model.skops: holds {what}")
