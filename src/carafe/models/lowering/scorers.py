"""Kernels that run: a record's scores one at a time, a matrix's scores at once.

Both say the same to within rounding. What the estimator itself would refuse (a missing or an infinite number) is
refused here; only the matrix names it, so a row that looks odd is for the caller to ask about as a matrix.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isfinite, trunc
from operator import mul

import numpy as np
from numpy.typing import NDArray

from carafe.errors import CorruptArtefact, PredictionFailed
from carafe.models.lowering.kernel import (
    BULK,
    GRAPH,
    LEAVES,
    MANY,
    RIVAL,
    TAIL,
    Accepts,
    Constant,
    Graph,
    Kernel,
    Leaves,
    Linear,
    Shares,
    Tail,
)
from carafe.models.lowering.plan import Plan
from carafe.models.lowering.rowwise import linear_scorer, row_encoder
from carafe.models.lowering.session import Session, rounded
from carafe.schema.rows import Record

_TIE = 1e-9
"""Shares nearer to one half than this may be a tie: the other share has to be summed, too."""

_NEAR_ONE = 1.0 - 1e-5
"""A share above this leaves so little to the other that too few of its digits would be right."""

_Matrix = NDArray[np.float64]
_Encoder = Callable[[Record], list[float]]


class OddRow(Exception):
    """Raised when one row's scores have to be asked for as a matrix: it may have to be refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorer:
    """A kernel that runs. ``row`` may raise OddRow and whatever a plan raises, ``matrix`` PredictionFailed."""

    row: Callable[[Record], list[float]]
    matrix: Callable[[_Matrix], _Matrix]


def scorer(kernel: Kernel, plan: Plan, files: Mapping[str, bytes], *, tail: Tail | None = None) -> Scorer:
    """Return what computes the kernel's scores of rows that ``plan`` encodes and ``tail``, if there is one, transforms.

    Raises:
        CorruptArtefact: when a file of the kernel's is missing, or is not what the kernel says.
    """
    if isinstance(kernel, Constant):
        return _constant(kernel)
    if tail is not None:
        return _behind(tail, kernel, plan, files)
    if isinstance(kernel, Linear):
        return _linear(kernel, plan)
    return _of_files(kernel, row_encoder(plan), len(plan.outputs), files)


def _of_files(kernel: Graph | Shares | Leaves, encode: _Encoder, width: int, files: Mapping[str, bytes]) -> Scorer:
    """Return the scorer of a kernel that takes the ``width`` numbers of ``encode``."""
    if kernel.width != width:
        raise CorruptArtefact(f"plan.json: a kernel of {kernel.width} columns behind {width} columns")
    watched = _watched(encode, kernel.accepts)
    if isinstance(kernel, Graph):
        return _graph(kernel, watched, files)
    if isinstance(kernel, Shares):
        return _shares(kernel, watched, files)
    return _leaves(kernel, watched, files)


def _behind(tail: Tail, kernel: Linear | Graph | Shares | Leaves, plan: Plan, files: Mapping[str, bytes]) -> Scorer:
    """Return the scorer of a kernel behind a tail."""
    if tail.width != len(plan.outputs):
        raise CorruptArtefact(f"plan.json: a tail of {tail.width} columns behind a plan of {len(plan.outputs)}")
    session = _session(files, TAIL, width=tail.width, outputs=tail.outputs, single=False)
    encode, run = _watched(row_encoder(plan), tail.accepts), session.row

    def transform(record: Record) -> list[float]:
        return run(encode(record))

    if isinstance(kernel, Linear):
        inner = _lines(kernel, transform, tail.outputs)
    else:
        inner = _of_files(kernel, transform, tail.outputs, files)
    return Scorer(
        row=inner.row, matrix=lambda matrix: inner.matrix(session.run(_accepted(matrix, tail.accepts, single=False)))
    )


def _constant(kernel: Constant) -> Scorer:
    scores = list(kernel.scores)
    return Scorer(row=lambda _: scores, matrix=lambda matrix: np.tile(scores, (len(matrix), 1)))


def _linear(kernel: Linear, plan: Plan) -> Scorer:
    weights, intercepts = _weights(kernel, len(plan.outputs))
    return _sums(linear_scorer(plan, weights, intercepts), weights, intercepts)


def _lines(kernel: Linear, encode: _Encoder, width: int) -> Scorer:
    """Return a linear kernel's scorer over rows that are numbers already."""
    weights, intercepts = _weights(kernel, width)
    lines = list(zip(kernel.weights, kernel.intercepts, strict=True))

    def score(record: Record) -> list[float]:
        values = encode(record)
        return [intercept + sum(map(mul, values, line)) for line, intercept in lines]

    return _sums(score, weights, intercepts)


def _weights(kernel: Linear, width: int) -> tuple[_Matrix, _Matrix]:
    weights, intercepts = np.array(kernel.weights).T, np.array(kernel.intercepts)
    if weights.ndim != 2 or weights.shape != (width, len(intercepts)):
        raise CorruptArtefact(f"plan.json: weights of shape {weights.shape} behind {width} columns")
    return weights, intercepts


def _sums(score: _Encoder, weights: _Matrix, intercepts: _Matrix) -> Scorer:
    def row(record: Record) -> list[float]:
        scores = score(record)
        for each in scores:
            if each - each != 0.0:  # NaN or infinite, and so is a feature, or the sum
                raise OddRow
        return scores

    def many(matrix: _Matrix) -> _Matrix:
        _refuse(matrix, Accepts())
        scores: _Matrix = matrix @ weights + intercepts
        return scores

    return Scorer(row=row, matrix=many)


def _graph(kernel: Graph, encode: _Encoder, files: Mapping[str, bytes]) -> Scorer:
    session = _session(files, GRAPH, width=kernel.width, outputs=kernel.outputs, single=kernel.single)
    divisor, run, whole = kernel.divisor, session.row, list(kernel.whole)
    run_many = _in_bulk(session, kernel, files, outputs=kernel.outputs, single=kernel.single)
    encode = _truncated(encode, whole) if whole else encode

    def row(record: Record) -> list[float]:
        scores = run(encode(record))
        total = sum(scores)
        if total - total != 0.0:  # NaN or infinite
            raise OddRow
        return scores if divisor == 1.0 else [each / divisor for each in scores]

    def many(matrix: _Matrix) -> _Matrix:
        taken = _accepted(matrix, kernel.accepts, single=kernel.single)
        if whole:
            taken = taken.copy()
            taken[:, whole] = np.trunc(taken[:, whole])
        scores = run_many(taken)
        return scores if divisor == 1.0 else scores / divisor

    return Scorer(row=row, matrix=many)


def _truncated(encode: _Encoder, whole: list[int]) -> _Encoder:
    """Return the encoder that cuts off the fraction of some numbers."""

    def truncated(record: Record) -> list[float]:
        values = encode(record)
        for index in whole:
            value = values[index]
            if not value.is_integer() and isfinite(value):
                values[index] = float(trunc(value))
        return values

    return truncated


def _shares(kernel: Shares, encode: _Encoder, files: Mapping[str, bytes]) -> Scorer:
    session = _session(files, GRAPH, width=kernel.width, outputs=1, single=True)
    rival = _Lazily(_file(files, RIVAL), width=kernel.width, outputs=1)
    trees, run = kernel.trees, session.row
    run_many = _in_bulk(session, kernel, files, outputs=1, single=True)

    def row(record: Record) -> list[float]:
        values = encode(record)
        share = run(values)[0] / trees
        if -_TIE < share - 0.5 < _TIE or _NEAR_ONE < share < 1.0:
            return [rival().row(values)[0] / trees, share]
        return [1.0 - share, share]

    def many(matrix: _Matrix) -> _Matrix:
        taken = _accepted(matrix, kernel.accepts, single=True)
        share = run_many(taken)[:, 0] / trees
        other = 1.0 - share
        close = (np.abs(share - 0.5) < _TIE) | (share > _NEAR_ONE)
        if close.any():
            share[close] = session.run(taken[close])[:, 0] / trees
            other[close] = rival().run(taken[close])[:, 0] / trees
        return np.column_stack([other, share])

    return Scorer(row=row, matrix=many)


def _leaves(kernel: Leaves, encode: _Encoder, files: Mapping[str, bytes]) -> Scorer:
    session = _session(files, GRAPH, width=kernel.width, outputs=kernel.trees, single=True)
    table = np.frombuffer(_file(files, LEAVES), dtype="<f8").reshape(-1, kernel.outputs)
    trees, find = kernel.trees, session.indices
    run_many = _in_bulk(session, kernel, files, outputs=kernel.trees, single=True)

    def one(record: Record) -> list[float]:
        scores: list[float] = table[find(encode(record))[0]].tolist()
        return scores

    def row(record: Record) -> list[float]:
        scores: list[float] = (table.take(find(encode(record)), axis=0).sum(axis=0) / trees).tolist()
        return scores

    def many(matrix: _Matrix) -> _Matrix:
        numbers = run_many(_accepted(matrix, kernel.accepts, single=True)).astype(np.intp)
        total = np.zeros((len(matrix), kernel.outputs))
        for tree in range(trees):  # one tree's leaves at a time stay in the processor's cache
            total += table.take(numbers[:, tree], axis=0)
        total /= trees
        return total

    return Scorer(row=one if trees == 1 else row, matrix=many)


def _in_bulk(
    session: Session, kernel: Graph | Shares | Leaves, files: Mapping[str, bytes], *, outputs: int, single: bool
) -> Callable[[_Matrix], _Matrix]:
    """Return what runs a matrix: through the graph for many rows, where there is one and they are many."""
    if not kernel.bulk:
        return session.run
    many = _Lazily(_file(files, BULK), width=kernel.width, outputs=outputs, single=single)
    return lambda matrix: (many() if len(matrix) >= MANY else session).run(matrix)


@dataclass(slots=True)
class _Lazily:
    """A session that is loaded when it is first asked for; twice, where two threads ask first, which costs nothing."""

    content: bytes
    width: int
    outputs: int
    single: bool = True
    loaded: Session | None = None

    def __call__(self) -> Session:
        """Return the session."""
        if self.loaded is None:
            self.loaded = Session(self.content, width=self.width, outputs=self.outputs, single=self.single)
        return self.loaded


def _session(files: Mapping[str, bytes], name: str, *, width: int, outputs: int, single: bool) -> Session:
    return Session(_file(files, name), width=width, outputs=outputs, single=single)


def _file(files: Mapping[str, bytes], name: str) -> bytes:
    try:
        return files[name]
    except KeyError:
        raise CorruptArtefact(f"{name}: missing") from None


def _watched(encode: _Encoder, accepts: Accepts) -> _Encoder:
    """Return the encoder; it raises OddRow for a row that the estimator may refuse."""
    if accepts.missing and accepts.infinite:
        return encode

    def watched(record: Record) -> list[float]:
        values = encode(record)
        total = sum(values)
        if total - total != 0.0 and _refused(values, accepts):  # most rows are told by their sum alone
            raise OddRow
        return values

    return watched


def _refused(values: list[float], accepts: Accepts) -> bool:
    missing = any(value != value for value in values)  # noqa: PLR0124 - NaN
    infinite = any(value in (np.inf, -np.inf) for value in values)
    return (missing and not accepts.missing) or (infinite and not accepts.infinite)


def _accepted(matrix: _Matrix, accepts: Accepts, *, single: bool) -> _Matrix:
    """Return the matrix as the estimator takes it; what is too large for single precision is infinite there."""
    taken = rounded(matrix) if single else matrix
    _refuse(taken, accepts)
    return taken


def _refuse(matrix: _Matrix, accepts: Accepts) -> None:
    """Refuse what the estimator refuses.

    Raises:
        PredictionFailed: when a number is missing or infinite and the estimator takes no such.
    """
    if not accepts.missing and np.isnan(matrix).any():
        raise PredictionFailed("the model fails on these rows: a feature is missing, and this model takes none such")
    if not accepts.infinite and np.isinf(matrix).any():
        raise PredictionFailed("the model fails on these rows: a feature is infinite, or too large for this model")
