"""Support vector machines with a kernel, as graphs in double precision.

Source: Chang and Lin, "LIBSVM: a library for support vector machines", 2011, for what is computed and how pairs of
classes vote.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto
from scipy import sparse
from sklearn.svm import SVC, SVR, NuSVC, NuSVR

from carafe.models.lowering.estimators.drawing import Drawing
from carafe.models.lowering.estimators.lowering import Lowering
from carafe.models.lowering.heads import Chances, Classes, Decision, Head, Numbers
from carafe.models.lowering.kernel import GRAPH, Accepts, Graph
from carafe.models.lowering.refusal import NotLowered

MAX_NUMBERS = 5_000_000
"""Support vectors are written down as a matrix of at most so many numbers, 40 MB."""

_FAR = 1e120
"""Whatever is farther away has a kernel of 0; without a bound its length less its products would be no number."""

_Floats = NDArray[np.float64]


def _regression(estimator: Any) -> Lowering:  # noqa: ANN401 - scikit-learn ships no types
    drawing = Drawing()
    name = _sums(drawing, estimator, _dense(estimator.dual_coef_).T, estimator.intercept_)
    return _lowered(drawing, name, estimator, 1, Numbers())


def _classification(estimator: Any) -> Lowering:  # noqa: ANN401
    """Return a classifier without probabilities: with them it has a model of its own for each pair of classes."""
    if estimator.probability is True:
        raise NotLowered(f"{type(estimator).__name__} with probability=True couples pairs of classes")
    drawing, classes = Drawing(), len(estimator.classes_)
    if classes == 2:
        name = _sums(drawing, estimator, _dense(estimator.dual_coef_).T, estimator.intercept_)
        head = Classes(chances=Chances.NONE, decision=Decision.NOT_NEGATIVE)
        return _lowered(drawing, name, estimator, 1, head)
    pairs = _sums(drawing, estimator, _pair_weights(estimator), estimator.intercept_)
    name = (_with_confidence if estimator.break_ties else _votes)(drawing, pairs, classes)
    return _lowered(drawing, name, estimator, classes, Classes(chances=Chances.NONE, decision=Decision.LARGEST))


def draw_decision(drawing: Drawing, estimator: Any) -> str:  # noqa: ANN401
    """Draw ``decision_function`` of an SVC: one score for two classes, else one a class; return its name.

    Raises:
        NotLowered: when it answers with one a pair of classes, or has a kernel of its own.
    """
    classes = len(estimator.classes_)
    if classes == 2:
        return _sums(drawing, estimator, _dense(estimator.dual_coef_).T, estimator.intercept_)
    if estimator.decision_function_shape != "ovr":
        raise NotLowered(f"{type(estimator).__name__} decides between pairs of classes")
    pairs = _sums(drawing, estimator, _pair_weights(estimator), estimator.intercept_)
    return _with_confidence(drawing, pairs, classes)


def _dense(table: Any) -> _Floats:  # noqa: ANN401 - an array, or a sparse matrix
    """Return what a machine that was fitted on a sparse matrix holds as one."""
    return np.asarray(table.toarray() if sparse.issparse(table) else table, dtype=np.float64)


def _lowered(drawing: Drawing, name: str, estimator: Any, outputs: int, head: Head) -> Lowering:  # noqa: ANN401
    width = int(estimator.n_features_in_)
    content = drawing.content(name, width=width, outputs=outputs)
    breadth = 3 * estimator.support_vectors_.shape[0]
    kernel = Graph(width=width, outputs=outputs, accepts=Accepts(), breadth=breadth)
    return Lowering(kernel=kernel, head=head, files={GRAPH: content})


def _sums(drawing: Drawing, estimator: Any, weights: _Floats, intercepts: _Floats) -> str:  # noqa: ANN401
    """Draw weighted sums of the kernel's values for all support vectors."""
    return _plus(drawing, _kernel(drawing, estimator), weights, intercepts)


def _plus(drawing: Drawing, name: str, weights: _Floats, intercepts: _Floats) -> str:
    """Draw weighted sums and what is added to them."""
    return drawing.add("Add", drawing.add("MatMul", name, drawing.constant(weights)), drawing.constant(intercepts))


def _kernel(drawing: Drawing, estimator: Any) -> str:  # noqa: ANN401
    count, width = estimator.support_vectors_.shape
    if count * width > MAX_NUMBERS:
        raise NotLowered(f"{type(estimator).__name__} has {count} support vectors of {width} numbers")
    vectors = _dense(estimator.support_vectors_)
    kind, gamma = estimator.kernel, float(estimator._gamma)  # noqa: SLF001 - no public name
    if kind == "rbf":
        return _gaussian(drawing, vectors, gamma)
    products = drawing.add("MatMul", "X", drawing.constant(vectors.T))
    if kind == "linear":
        return products
    if kind == "poly":
        base = drawing.affine(products, gamma, estimator.coef0)
        return _power(drawing, base, int(estimator.degree))
    if kind == "sigmoid":
        return drawing.add("Tanh", drawing.affine(products, gamma, estimator.coef0))
    raise NotLowered(f"{type(estimator).__name__} has a kernel of its own")


def _power(drawing: Drawing, base: str, degree: int) -> str:
    """Draw a whole power by multiplication, as LIBSVM computes it."""
    power: str | None = None
    while degree:
        if degree % 2:
            power = base if power is None else drawing.add("Mul", power, base)
        degree //= 2
        base = drawing.add("Mul", base, base) if degree else base
    if power is None:
        raise NotLowered("a polynomial kernel of degree 0 is the same for every row")
    return power


def _gaussian(drawing: Drawing, vectors: _Floats, gamma: float) -> str:
    """Draw exp(-gamma |x - v|^2), the square of the distance as |x|^2 - 2 x v + |v|^2.

    That loses digits where x and v are long and near each other, so both are moved first: the vectors' mean is 0.
    """
    middle = vectors.mean(axis=0)
    moved = vectors - middle
    row = drawing.add("Sub", "X", drawing.constant(middle))
    row = drawing.add("Clip", row, drawing.constant(-_FAR), drawing.constant(_FAR))
    lengths = drawing.add("ReduceSumSquare", row, drawing.constant([1], np.int64), keepdims=1)
    products = drawing.add("MatMul", row, drawing.constant(-2.0 * moved.T))
    squares = drawing.add("Add", drawing.add("Add", products, lengths), drawing.constant((moved**2).sum(axis=1)))
    squares = drawing.add("Max", squares, drawing.constant(0.0))
    return drawing.add("Exp", drawing.add("Mul", squares, drawing.constant(-gamma)))


def _pair_weights(estimator: Any) -> _Floats:  # noqa: ANN401
    """Return the weight of each support vector in the decision between each pair of classes: (vectors, pairs)."""
    weights, counts = _dense(estimator.dual_coef_), estimator.n_support_
    ends = np.cumsum(counts)
    own = [slice(end - count, end) for end, count in zip(ends, counts, strict=True)]
    pairs = list(combinations(range(len(counts)), 2))
    table = np.zeros((int(ends[-1]), len(pairs)))
    for index, (first, second) in enumerate(pairs):
        table[own[first], index] = weights[second - 1, own[first]]
        table[own[second], index] = weights[first, own[second]]
    return table


def _sides(classes: int) -> tuple[_Floats, _Floats]:
    """Return which class each pair's decision is for where it is positive, and where it is not: (pairs, classes)."""
    pairs = list(combinations(range(classes), 2))
    one = np.eye(classes)
    return one[[first for first, _ in pairs]], one[[second for _, second in pairs]]


def _votes(drawing: Drawing, pairs: str, classes: int) -> str:
    """Draw LIBSVM's votes: a pair's decision above 0 is one for its first class."""
    first, second = _sides(classes)
    won = drawing.add("Cast", drawing.add("Greater", pairs, drawing.constant(0.0)), to=TensorProto.DOUBLE)
    return _plus(drawing, won, first - second, second.sum(axis=0))


def _with_confidence(drawing: Drawing, pairs: str, classes: int) -> str:
    """Draw scikit-learn's scores: votes, a decision of 0 being for the first class, and less than a third of one."""
    first, second = _sides(classes)
    lost = drawing.add("Cast", drawing.add("Less", pairs, drawing.constant(0.0)), to=TensorProto.DOUBLE)
    votes = _plus(drawing, lost, second - first, first.sum(axis=0))
    sums = drawing.add("MatMul", pairs, drawing.constant(first - second))
    share = drawing.add("Div", sums, drawing.affine(drawing.add("Abs", sums), 3.0, 3.0))
    return drawing.add("Add", votes, share)


VECTORS: Mapping[type, Callable[[Any], Lowering]] = {
    **dict.fromkeys((SVR, NuSVR), _regression),
    **dict.fromkeys((SVC, NuSVC), _classification),
}
"""Exact types, as in ``linear.py``."""
