"""Trees as one ONNX graph in double precision.

ONNX's ``TreeEnsemble`` (ai.onnx.ml 5) takes and adds doubles; the converters known to Carafe write its ancestors, which
answer in single precision. ONNX Runtime adds up a row's trees one after the other, as scikit-learn and LightGBM do:
where every tree's number is the same, so is the sum, to the last bit.

Source: https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsemble.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, helper, numpy_helper

from carafe.models.lowering.estimators.drawing import graph_bytes
from carafe.models.lowering.kernel import BULK, GRAPH
from carafe.models.lowering.refusal import NotLowered
from carafe.models.lowering.session import INPUT, OUTPUT

LEQ, MEMBER = 0, 6
"""The modes of a node: the number is at most the threshold; it is one of a set."""

LEAF = -1
"""Stands for the children of a leaf."""

_CACHED = 20_000
"""Nodes: with so many a processor's own cache still holds them all, at 40 bytes each."""

_Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tree:
    """One tree, a number a node in each array: where ``left`` is LEAF, ``value`` is the answer, for score ``target``.

    A number goes left where it is at most the ``threshold``; a missing one where ``missing_left`` says so.
    ``members``, where a node has any, are the whole numbers that go left instead, and no other does.
    """

    feature: _Ints
    threshold: NDArray[np.float64]
    left: _Ints
    right: _Ints
    missing_left: NDArray[np.bool_]
    value: NDArray[np.float64]
    target: int = 0
    members: dict[int, Sequence[int]] | None = None

    @property
    def leaves(self) -> _Ints:
        """The leaves, in the nodes' order."""
        return np.flatnonzero(self.left == LEAF).astype(np.int64)


def constant_tree(value: float, *, target: int = 0) -> Tree:
    """Return a tree that always says ``value``: an ensemble's starting point, added first as its library does."""
    none = np.array([LEAF])
    return Tree(
        feature=np.array([0]),
        threshold=np.array([0.0]),
        left=none,
        right=none,
        missing_left=np.array([False]),
        value=np.array([value]),
        target=target,
    )


def ensemble_graph(trees: Sequence[Tree], *, width: int, targets: int) -> bytes:
    """Return the graph that adds up ``trees`` for each of ``targets`` scores, of rows of ``width`` numbers.

    Raises:
        NotLowered: when it would be larger than a graph should be, or there are no columns to split by.
    """
    if not width:
        raise NotLowered("an ensemble without features has no graph")
    return graph_bytes([_node(trees, OUTPUT, targets=targets)], [], width=width, outputs=targets)


def bulk_graph(trees: Sequence[Tree], *, width: int, targets: int) -> bytes | None:
    """Return the graph of a large ensemble for many rows, one tree a node; None where one node for all does as well.

    ONNX Runtime takes each row through all trees of a node before it takes the next: once they don't fit into the
    processor's cache any more, that costs up to twice as much as taking all rows through one tree after the other.
    The sums are added up in the same order.

    Raises:
        NotLowered: when it would be larger than a graph should be.
    """
    if sum(len(tree.left) for tree in trees) <= _CACHED:
        return None
    nodes = [_node([replace(tree, target=0)], f"t{index}", targets=1) for index, tree in enumerate(trees)]
    for target in range(targets):
        added = [f"t{index}" for index, tree in enumerate(trees) if tree.target == target]
        nodes.append(helper.make_node("Sum", added, [f"s{target}"]))
    nodes.append(helper.make_node("Concat", [f"s{target}" for target in range(targets)], [OUTPUT], axis=1))
    return graph_bytes(nodes, [], width=width, outputs=targets)


def ensemble_files(trees: Sequence[Tree], *, width: int, targets: int) -> dict[str, bytes]:
    """Return ``model.onnx``, and ``bulk.onnx`` where the ensemble is a large one.

    Raises:
        NotLowered: as ``ensemble_graph``.
    """
    bulk = bulk_graph(trees, width=width, targets=targets)
    files = {GRAPH: ensemble_graph(trees, width=width, targets=targets)}
    return files if bulk is None else {**files, BULK: bulk}


def _grown(tree: Tree) -> Tree:
    """Return the tree with at least one split: ONNX's ensembles have no root that is a leaf."""
    if tree.left[0] != LEAF:
        return tree
    return Tree(
        feature=np.array([0, 0, 0]),
        threshold=np.zeros(3),
        left=np.array([1, LEAF, LEAF]),
        right=np.array([2, LEAF, LEAF]),
        missing_left=np.zeros(3, dtype=np.bool_),
        value=np.array([0.0, tree.value[0], tree.value[0]]),
        target=tree.target,
    )


def _node(ensemble: Sequence[Tree], output: str, *, targets: int) -> NodeProto:
    trees = [_grown(tree) for tree in ensemble]
    inner = [np.flatnonzero(tree.left != LEAF) for tree in trees]
    first_inner = _starts([len(each) for each in inner])
    first_leaf = _starts([len(tree.leaves) for tree in trees])
    places = [_places(tree, *starts) for tree, *starts in zip(trees, first_inner, first_leaf, strict=True)]
    triples = list(zip(trees, inner, places, strict=True))

    def inside(name: str) -> _Ints:
        return _joined([getattr(tree, name)[nodes] for tree, nodes, _ in triples])

    def children(name: str) -> _Ints:
        return _joined([place[getattr(tree, name)[nodes]] for tree, nodes, place in triples])

    def are_leaves(name: str) -> _Ints:
        return _joined([tree.left[getattr(tree, name)[nodes]] == LEAF for tree, nodes, _ in triples]).astype(np.int64)

    attributes = {
        "nodes_featureids": inside("feature"),
        "nodes_truenodeids": children("left"),
        "nodes_trueleafs": are_leaves("left"),
        "nodes_falsenodeids": children("right"),
        "nodes_falseleafs": are_leaves("right"),
        "tree_roots": np.array(first_inner),
        "leaf_targetids": np.repeat([tree.target for tree in trees], [len(tree.leaves) for tree in trees]),
    }
    missing = inside("missing_left").astype(np.int64)
    if missing.any():  # without them ONNX Runtime has fewer questions to ask
        attributes["nodes_missing_value_tracks_true"] = missing
    modes, members = _modes(trees, inner)
    tensors: dict[str, NDArray[Any]] = {
        "nodes_modes": modes,
        "nodes_splits": inside("threshold").astype(np.float64),
        "leaf_weights": _joined([tree.value[tree.leaves] for tree in trees]).astype(np.float64),
        **({"membership_values": members} if len(members) else {}),
    }
    node: NodeProto = helper.make_node("TreeEnsemble", [INPUT], [output], domain="ai.onnx.ml", n_targets=targets)
    node.attribute.extend(helper.make_attribute(name, values.tolist()) for name, values in attributes.items())
    node.attribute.extend(
        helper.make_attribute(name, numpy_helper.from_array(values, name)) for name, values in tensors.items()
    )
    return node


def _modes(trees: Sequence[Tree], inner: Sequence[_Ints]) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Return every node's mode, and the sets of those that have one, each ended by NaN."""
    modes, members = [], []
    for tree, nodes in zip(trees, inner, strict=True):
        sets = tree.members or {}
        for node in nodes.tolist():
            modes.append(MEMBER if node in sets else LEQ)
            if node in sets:
                members += [*map(float, sets[node]), np.nan]
    return np.array(modes, dtype=np.uint8), np.array(members, dtype=np.float64)


def _places(tree: Tree, first_inner: int, first_leaf: int) -> _Ints:
    """Return where each node stands among all inner nodes, or among all leaves."""
    leaf = tree.left == LEAF
    return np.where(leaf, first_leaf + np.cumsum(leaf) - 1, first_inner + np.cumsum(~leaf) - 1)


def _starts(sizes: Sequence[int]) -> list[int]:
    return [0, *np.cumsum(sizes)[:-1].tolist()] if sizes else []


def _joined(arrays: Sequence[NDArray[Any]]) -> NDArray[Any]:
    return np.concatenate(arrays)
