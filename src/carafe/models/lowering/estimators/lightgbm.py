"""LightGBM: its trees as its own text describes them, with its treatment of missing values, zeros and categories.

Source: https://lightgbm.readthedocs.io/en/stable/Advanced-Topics.html for what is meant, and LightGBM's ``tree.h`` and
``objective_function.h`` for what is computed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from carafe.models.container import Container
from carafe.models.lowering.estimators.ensemble import LEAF, Tree, ensemble_files
from carafe.models.lowering.estimators.histogram import members_of
from carafe.models.lowering.estimators.lowering import Lowering
from carafe.models.lowering.heads import Apply, Chances, Classes, Decision, Link, Numbers
from carafe.models.lowering.kernel import BULK, Accepts, Graph
from carafe.models.lowering.refusal import NotLowered

_ZERO = float(np.float32(1e-35))
"""LightGBM takes a number that is no larger for 0, on either side of it."""

_CATEGORICAL, _DEFAULT_LEFT = 1, 2
"""Bits of a node's ``decision_type``; the two above them say which numbers are taken for missing ones."""

_NONE_MISSING, _ZERO_MISSING = 0, 1
"""Kinds of missing: none, so that NaN is taken for 0; zeros, and NaN with them. The third is NaN itself."""

_LINKS: Mapping[str, tuple[Link, ...]] = {
    **dict.fromkeys(("regression", "regression_l1", "huber", "fair", "quantile", "mape"), ()),
    **dict.fromkeys(("poisson", "gamma", "tweedie"), (Link.EXP,)),
    "cross_entropy": (Link.SIGMOID,),
    "cross_entropy_lambda": (Link.SOFTPLUS,),
}
"""What LightGBM applies to a regression's score, by objective."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Text:
    """LightGBM's text: the lines before the trees, and those of each tree, as names and values."""

    header: Mapping[str, str]
    trees: Sequence[Mapping[str, str]]


def lower_lightgbm(estimator: Any) -> Lowering:  # noqa: ANN401 - LightGBM's estimators are untyped here
    """Return a fitted LGBMRegressor or LGBMClassifier as data.

    Raises:
        NotLowered: when it computes what no kernel does, such as lines in its leaves; says what.
    """
    text = _read(estimator.booster_.model_to_string())
    outputs, width = int(text.header["num_tree_per_iteration"]), int(text.header["max_feature_idx"]) + 1
    trees = [_tree(tree, index % outputs) for index, tree in enumerate(text.trees)]
    if not trees:
        raise NotLowered("LightGBM has grown no trees")
    split = {feature for tree in trees for feature in tree.feature[list(tree.members or {})].tolist()}
    files = ensemble_files(trees, width=width, targets=outputs)
    kernel = Graph(
        width=width,
        outputs=outputs,
        accepts=Accepts(missing=True, infinite=True),
        whole=tuple(sorted(split)),
        divisor=len(trees) / outputs if "average_output" in text.header else 1.0,
        bulk=BULK in files,
    )
    head = _head(text.header, outputs, classes=hasattr(estimator, "classes_"))
    return Lowering(kernel=kernel, head=head, files=files)


def check_categories(estimator: Any, container: Container) -> None:  # noqa: ANN401
    """Check that a frame's categories are those that LightGBM numbered when it was fitted on it.

    Raises:
        NotLowered: when they are not: it would number them anew.
    """
    given = [list(column.categories) for column in container.columns if column.dtype == "category"]
    known = [list(categories) for categories in estimator.booster_.pandas_categorical or []]
    if given != known:
        raise NotLowered("LightGBM numbers its categories otherwise than the frame that it is given")


def _head(header: Mapping[str, str], outputs: int, *, classes: bool) -> Numbers | Classes:
    name, *words = header.get("objective", "custom").split()
    said = dict(word.partition(":")[::2] for word in words)
    slope = float(said.get("sigmoid", 1.0))
    if classes and name == "binary":
        return Classes(chances=Chances.SIGMOID, decision=Decision.LIKELIEST, slope=slope)
    if classes and name == "multiclass":
        return Classes(chances=Chances.SOFTMAX, decision=Decision.LIKELIEST)
    if classes and name == "multiclassova":
        return Classes(chances=Chances.SIGMOIDS, decision=Decision.LIKELIEST, slope=slope)
    if classes or outputs != 1 or name not in _LINKS:
        raise NotLowered(f"LightGBM's objective {name!r} has no kernel here")
    links = (Link.SIGNED_SQUARE,) if "sqrt" in said else _LINKS[name]
    return Numbers(steps=tuple(Apply(link=link) for link in links))


def _read(text: str) -> _Text:
    head, *trees = text.partition("\nend of trees")[0].split("\nTree=")
    return _Text(header=dict(_pairs(head)), trees=[dict(_pairs(tree)) for tree in trees])


def _pairs(lines: str) -> Iterator[tuple[str, str]]:
    for line in lines.splitlines():
        name, _, value = line.partition("=")
        yield name, value


def _tree(text: Mapping[str, str], target: int) -> Tree:
    """Return one tree; in the text inner nodes have numbers from 0, and leaves the complements of such."""
    if text.get("is_linear", "0") != "0":
        raise NotLowered("LightGBM's linear trees have no kernel")
    values = _floats(text["leaf_value"])
    inner, count = int(text["num_leaves"]) - 1, len(values)
    kinds, thresholds = _ints(text.get("decision_type", "")), _floats(text.get("threshold", ""))
    categorical = (kinds & _CATEGORICAL) != 0
    rules = [
        (0.0, False) if is_set else _rule(kind >> 2, threshold, bool(kind & _DEFAULT_LEFT))
        for kind, threshold, is_set in zip(kinds.tolist(), thresholds.tolist(), categorical.tolist(), strict=True)
    ]
    left, right = (_children(_ints(text.get(side, "")), inner, count) for side in ("left_child", "right_child"))
    return Tree(
        feature=np.concatenate([_ints(text.get("split_feature", "")), np.zeros(count, dtype=np.int64)]),
        threshold=np.array([threshold for threshold, _ in rules] + [0.0] * count),
        left=left,
        right=right,
        missing_left=np.array([missing for _, missing in rules] + [False] * count, dtype=np.bool_),
        value=np.concatenate([np.zeros(inner), values]),
        target=target,
        members=dict(_sets(text, np.flatnonzero(categorical), thresholds)),
    )


def _rule(missing: int, threshold: float, default_left: bool) -> tuple[float, bool]:  # noqa: FBT001 - a bit of the text
    """Return the threshold for the number as it is, and whether a missing one goes left.

    LightGBM compares 0 for a number that is hardly another, so the threshold is moved beyond all of these.
    """
    zero_left = threshold >= 0
    if missing == _ZERO_MISSING and default_left != zero_left:
        raise NotLowered("LightGBM sends zeros another way than their neighbours (zero_as_missing)")
    beyond = max(threshold, _ZERO) if zero_left else min(threshold, float(np.nextafter(-_ZERO, -np.inf)))
    return beyond, zero_left if missing == _NONE_MISSING else default_left


def _sets(
    text: Mapping[str, str], nodes: NDArray[np.int64], thresholds: NDArray[np.float64]
) -> Iterator[tuple[int, list[int]]]:
    """Yield each node that splits categories and those that go left; a missing one goes right."""
    if not len(nodes):
        return
    bounds, words = _ints(text["cat_boundaries"]), _ints(text["cat_threshold"]).astype(np.uint32)
    for node in nodes.tolist():
        which = int(thresholds[node])
        yield node, members_of(words[bounds[which] : bounds[which + 1]])


def _children(side: NDArray[np.int64], inner: int, leaves: int) -> NDArray[np.int64]:
    return np.concatenate([np.where(side < 0, inner + ~side, side), np.full(leaves, LEAF)])


def _floats(words: str) -> NDArray[np.float64]:
    return np.array([float(word) for word in words.split()], dtype=np.float64)


def _ints(words: str) -> NDArray[np.int64]:
    return np.array([int(word) for word in words.split()], dtype=np.int64)


def lightgbm_table() -> Mapping[type, Callable[[Any], Lowering]]:
    """Return LightGBM's estimators by exact type; LightGBM is imported, where it is installed."""
    try:
        import lightgbm  # noqa: PLC0415 - an optional library, that may lack one of the system's
    except (ImportError, OSError):
        return {}
    return dict.fromkeys((lightgbm.LGBMRegressor, lightgbm.LGBMClassifier), lower_lightgbm)
