"""Trees, forests and gradient boosting of scikit-learn: single-precision numbers against double thresholds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier, ExtraTreeRegressor

from carafe.models.lowering.estimators.ensemble import Tree, constant_tree, ensemble_files, ensemble_graph
from carafe.models.lowering.estimators.lowering import Lowering
from carafe.models.lowering.heads import Chances, Classes, Decision, Numbers
from carafe.models.lowering.kernel import BULK, LEAVES, RIVAL, Accepts, Graph, Leaves, Shares
from carafe.models.lowering.refusal import NotLowered

_GIVEN = Classes(chances=Chances.GIVEN, decision=Decision.LARGEST)


def sklearn_tree(tree: Any, values: NDArray[np.float64], *, target: int = 0) -> Tree:  # noqa: ANN401
    """Return scikit-learn's ``tree_`` with ``values``, one a node."""
    return Tree(
        feature=tree.feature.astype(np.int64),
        threshold=tree.threshold.astype(np.float64),
        left=tree.children_left.astype(np.int64),
        right=tree.children_right.astype(np.int64),
        missing_left=tree.missing_go_to_left.astype(np.bool_),
        value=np.asarray(values, dtype=np.float64),
        target=target,
    )


def _one_tree_regression(estimator: Any) -> Lowering:  # noqa: ANN401
    return _mean([estimator], estimator)


def _forest_regression(estimator: Any) -> Lowering:  # noqa: ANN401
    return _mean(estimator.estimators_, estimator)


def _mean(trees: Sequence[Any], estimator: Any) -> Lowering:  # noqa: ANN401
    width, accepts = _width(estimator), _accepts(estimator)
    grown = [sklearn_tree(each.tree_, each.tree_.value[:, 0, 0]) for each in trees]
    files = ensemble_files(grown, width=width, targets=1)
    kernel = Graph(width=width, outputs=1, accepts=accepts, single=True, divisor=float(len(trees)), bulk=BULK in files)
    return Lowering(kernel=kernel, head=Numbers(), files=files)


def _one_tree_classification(estimator: Any) -> Lowering:  # noqa: ANN401
    return _votes([estimator], estimator)


def _forest_classification(estimator: Any) -> Lowering:  # noqa: ANN401
    return _votes(estimator.estimators_, estimator)


def _votes(trees: Sequence[Any], estimator: Any) -> Lowering:  # noqa: ANN401
    width, accepts = _width(estimator), _accepts(estimator)
    classes = len(estimator.classes_)
    if classes == 2 and len(trees) > 1:
        files = ensemble_files(_shares_of(trees, 1), width=width, targets=1)
        kernel = Shares(width=width, trees=len(trees), accepts=accepts, bulk=BULK in files)
        rival = ensemble_graph(_shares_of(trees, 0), width=width, targets=1)
        return Lowering(kernel=kernel, head=_GIVEN, files={**files, RIVAL: rival})
    grown, table = _named_leaves(trees, classes)
    files = ensemble_files(grown, width=width, targets=len(trees))
    leaves = Leaves(width=width, trees=len(trees), outputs=classes, accepts=accepts, bulk=BULK in files)
    return Lowering(kernel=leaves, head=_GIVEN, files={**files, LEAVES: table.astype("<f8").tobytes()})


def _shares_of(trees: Sequence[Any], which: int) -> list[Tree]:
    return [sklearn_tree(each.tree_, each.tree_.value[:, 0, which]) for each in trees]


def _named_leaves(trees: Sequence[Any], classes: int) -> tuple[list[Tree], NDArray[np.float64]]:
    """Return trees that say which leaf a row comes to, a score each, and every leaf's shares of the classes."""
    grown, tables, count = [], [], 0
    for index, each in enumerate(trees):
        leaves = np.flatnonzero(each.tree_.children_left < 0)
        numbers = np.zeros(each.tree_.node_count)
        numbers[leaves] = count + np.arange(len(leaves))
        grown.append(sklearn_tree(each.tree_, numbers, target=index))
        tables.append(each.tree_.value[leaves, 0, :classes])
        count += len(leaves)
    return grown, np.concatenate(tables)


def _boosted_regression(estimator: Any) -> Lowering:  # noqa: ANN401
    files, kernel = _boosted(estimator)
    return Lowering(kernel=kernel, head=Numbers(), files=files)


def _boosted_classification(estimator: Any) -> Lowering:  # noqa: ANN401
    files, kernel = _boosted(estimator)
    if estimator.loss == "exponential":
        head = Classes(chances=Chances.SIGMOID, decision=Decision.NOT_NEGATIVE, slope=2.0)
    elif kernel.outputs == 1:
        head = Classes(chances=Chances.SIGMOID, decision=Decision.NOT_NEGATIVE)
    else:
        head = Classes(chances=Chances.SOFTMAX, decision=Decision.LARGEST)
    return Lowering(kernel=kernel, head=head, files=files)


def _boosted(estimator: Any) -> tuple[dict[str, bytes], Graph]:  # noqa: ANN401
    stages = estimator.estimators_
    width = _width(estimator)
    if estimator.init is not None and estimator.init != "zero":
        raise NotLowered(f"{type(estimator).__name__} starts from an estimator of its own")
    start = estimator._raw_predict_init(np.zeros((1, width), dtype=np.float32))[0]  # noqa: SLF001 - no public name
    trees = [constant_tree(value, target=index) for index, value in enumerate(start.tolist())]
    for stage in stages:
        for index, each in enumerate(stage):
            trees.append(sklearn_tree(each.tree_, estimator.learning_rate * each.tree_.value[:, 0, 0], target=index))
    outputs = len(start)
    files = ensemble_files(trees, width=width, targets=outputs)
    return files, Graph(width=width, outputs=outputs, accepts=Accepts(), single=True, bulk=BULK in files)


def _width(estimator: Any) -> int:  # noqa: ANN401
    """Return how many columns the trees take."""
    if getattr(estimator, "n_outputs_", 1) != 1:
        raise NotLowered(f"{type(estimator).__name__} answers with {estimator.n_outputs_} outputs")
    return int(estimator.n_features_in_)


def _accepts(estimator: Any) -> Accepts:  # noqa: ANN401
    return Accepts(missing=bool(estimator.__sklearn_tags__().input_tags.allow_nan))


TREES: Mapping[type, Callable[[Any], Lowering]] = {
    **dict.fromkeys((DecisionTreeRegressor, ExtraTreeRegressor), _one_tree_regression),
    **dict.fromkeys((DecisionTreeClassifier, ExtraTreeClassifier), _one_tree_classification),
    **dict.fromkeys((RandomForestRegressor, ExtraTreesRegressor), _forest_regression),
    **dict.fromkeys((RandomForestClassifier, ExtraTreesClassifier), _forest_classification),
    GradientBoostingRegressor: _boosted_regression,
    GradientBoostingClassifier: _boosted_classification,
}
"""Exact types, as in ``linear.py``."""
