"""Kernels: how a row's numbers become an estimator's scores, as data that plan.json holds.

A score is what a head (``heads.py``) makes values and probabilities of: a distance from a border, a sum over trees, the
share of a class.
"""

from __future__ import annotations

import msgspec

GRAPH = "model.onnx"
"""The file with an estimator's graph."""

RIVAL = "rival.onnx"
"""The file with the graph that sums the other class's shares."""

BULK = "bulk.onnx"
"""The file with a large ensemble's trees, each a node of its own: many rows pass it while it is in the cache."""

MANY = 2_000
"""Rows: from so many on the graph for bulk is loaded, and saves more than that costs."""

TAIL = "tail.onnx"
"""The file with the graph between the plan and the kernel."""

LEAVES = "leaves.bin"
"""The file with what every leaf of a forest says: float64, little-endian, row by row."""


class Constant(msgspec.Struct, tag="constant", frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The same scores for every row."""

    scores: tuple[float, ...]


class Linear(msgspec.Struct, tag="linear", frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Weighted sums: one row of ``weights`` (a weight a feature) and one intercept a score."""

    weights: tuple[tuple[float, ...], ...]
    intercepts: tuple[float, ...]


class Accepts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which numbers an estimator takes beside finite ones; it refuses rows with others, and so does its kernel."""

    missing: bool = False
    infinite: bool = False


class Graph(msgspec.Struct, tag="graph", frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``model.onnx`` as it answers, divided by ``divisor`` (the number of trees of an average).

    ``width`` numbers in, ``outputs`` out; ``single`` tells that the numbers are rounded to single precision first,
    ``whole`` which of them lose their fraction, as categories' numbers do. ``bulk`` tells that ``bulk.onnx`` has the
    same trees for many rows. ``breadth`` is about how many numbers it holds for a row while it computes, so that many
    rows are taken in parts.
    """

    width: int
    outputs: int
    accepts: Accepts
    single: bool = False
    whole: tuple[int, ...] = ()
    divisor: float = 1.0
    bulk: bool = False
    breadth: int = 0


class Tail(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``tail.onnx``: what stands between the plan's ``width`` columns and the ``outputs`` that a kernel takes."""

    width: int
    outputs: int
    accepts: Accepts
    breadth: int


class Shares(msgspec.Struct, tag="shares", frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Two classes' shares, averaged over trees: ``model.onnx`` sums those of the second class.

    The first class has what is left, to 1e-15; where that is too coarse (a tie between the two, or a share near 0)
    ``rival.onnx``, the same trees, sums the first one's. A tie is decided by the last bit, so it has to be right.
    """

    width: int
    trees: int
    accepts: Accepts
    bulk: bool = False


class Leaves(msgspec.Struct, tag="leaves", frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The shares of any number of classes, averaged over trees: ``model.onnx`` names the leaf each tree comes to.

    A leaf of ONNX's TreeEnsemble holds one number; ``leaves.bin`` has ``outputs`` for each of them.
    """

    width: int
    trees: int
    outputs: int
    accepts: Accepts
    bulk: bool = False


Kernel = Constant | Linear | Graph | Shares | Leaves
"""Every way to compute scores."""
