"""Heads: how scores become a value and probabilities, for one row in plain Python and for many in numpy."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

Answer = tuple[float, Sequence[float] | None]
"""One row's value (a class's index, or a number) and its probabilities."""

_Floats = NDArray[np.float64]


class Link(StrEnum):
    """What turns a regression's score into a number."""

    EXP = "exp"
    EXPM1 = "expm1"
    SIGMOID = "sigmoid"
    SOFTPLUS = "softplus"
    SIGNED_SQUARE = "signed-square"


class Apply(msgspec.Struct, tag="apply", frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Apply a function."""

    link: Link


class Scale(msgspec.Struct, tag="scale", frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Multiply, then add."""

    factor: float
    offset: float


class Numbers(msgspec.Struct, tag="numbers", frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A regression: the one score, through ``steps`` in order."""

    steps: tuple[Apply | Scale, ...] = ()


class Chances(StrEnum):
    """How probabilities come of scores."""

    NONE = "none"
    """The estimator gives none."""
    GIVEN = "given"
    """They are the scores."""
    SIGMOID = "sigmoid"
    """The second class's is the logistic function of the one score, the first one's is what is left."""
    SIGMOIDS = "sigmoids"
    """Each class's is the logistic function of its score."""
    SHARED_SIGMOIDS = "shared-sigmoids"
    """The same, divided by their sum."""
    SOFTMAX = "softmax"
    """Exponentials of the scores, divided by their sum."""


class Decision(StrEnum):
    """How the class comes of scores or probabilities."""

    POSITIVE = "positive"
    """The second where the one score is above 0."""
    NOT_NEGATIVE = "not-negative"
    """The second where the one score is 0 or more."""
    LARGEST = "largest"
    """The first of the largest scores."""
    LIKELIEST = "likeliest"
    """The first of the largest probabilities."""
    NAMED = "named"
    """The last score is its index, and none of the others' business."""


class Classes(msgspec.Struct, tag="classes", frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A classification. ``slope`` multiplies the scores before a logistic function."""

    chances: Chances
    decision: Decision
    slope: float = 1.0


Head = Numbers | Classes
"""Every way to answer."""


def row_head(head: Head) -> Callable[[Sequence[float], bool], Answer]:
    """Return the function from one row's scores, and whether probabilities are wanted, to its answer."""
    return _number_of(head) if isinstance(head, Numbers) else _class_of(head)


def matrix_head(head: Head, scores: _Floats, *, probabilities: bool) -> tuple[NDArray[Any], _Floats | None]:
    """Return values of shape (n,) and probabilities of shape (n, classes), or None, of scores of shape (n, t)."""
    if isinstance(head, Numbers):
        values = scores[:, 0]
        for step in head.steps:
            values = _MANY[step.link](values) if isinstance(step, Apply) else values * step.factor + step.offset
        return values, None
    needed = probabilities or head.decision is Decision.LIKELIEST
    chances = _chances(head, scores) if needed and head.chances is not Chances.NONE else None
    return _decided(head.decision, scores, chances), chances if probabilities else None


def _number_of(head: Numbers) -> Callable[[Sequence[float], bool], Answer]:
    def answer(scores: Sequence[float], _probabilities: bool) -> Answer:  # noqa: FBT001 - one of two shapes of call
        value = scores[0]
        for step in head.steps:
            value = _ONE[step.link](value) if isinstance(step, Apply) else value * step.factor + step.offset
        return value, None

    return answer


def _class_of(head: Classes) -> Callable[[Sequence[float], bool], Answer]:
    chances_of, needed = _row_chances(head), head.decision is Decision.LIKELIEST
    decide = _DECIDE[head.decision]

    def answer(scores: Sequence[float], probabilities: bool) -> Answer:  # noqa: FBT001 - one of two shapes of call
        chances = chances_of(scores) if probabilities or needed else None
        return decide(scores, chances), chances if probabilities else None

    return answer


def _largest(numbers: Sequence[float]) -> int:
    """Return where the first of the largest numbers stands, as numpy's argmax does."""
    return numbers.index(max(numbers))


def _decided(decision: Decision, scores: _Floats, chances: _Floats | None) -> NDArray[np.intp]:
    if decision is Decision.POSITIVE:
        return (scores[:, 0] > 0).astype(np.intp)
    if decision is Decision.NOT_NEGATIVE:
        return (scores[:, 0] >= 0).astype(np.intp)
    if decision is Decision.NAMED:
        return scores[:, -1].astype(np.intp)
    largest: NDArray[np.intp] = np.argmax(scores if chances is None else chances, axis=1)
    return largest if decision is Decision.LIKELIEST else np.argmax(scores, axis=1)


_DECIDE: dict[Decision, Callable[[Sequence[float], Any], int]] = {
    Decision.POSITIVE: lambda scores, _: int(scores[0] > 0),
    Decision.NOT_NEGATIVE: lambda scores, _: int(scores[0] >= 0),
    Decision.LARGEST: lambda scores, _: _largest(scores),
    Decision.LIKELIEST: lambda _, chances: _largest(chances),
    Decision.NAMED: lambda scores, _: int(scores[-1]),
}


def _row_chances(head: Classes) -> Callable[[Sequence[float]], Sequence[float] | None]:
    slope = head.slope

    def sigmoid(scores: Sequence[float]) -> Sequence[float]:
        chance = _sigmoid(slope * scores[0])
        return [1.0 - chance, chance]

    def shared(scores: Sequence[float]) -> Sequence[float]:
        chances = [_sigmoid(slope * score) for score in scores]
        total = sum(chances)
        return [chance / total for chance in chances] if total else [1.0 / len(chances)] * len(chances)

    return {
        Chances.NONE: lambda _: None,
        Chances.GIVEN: (lambda scores: scores[:-1]) if head.decision is Decision.NAMED else (lambda scores: scores),
        Chances.SIGMOID: sigmoid,
        Chances.SIGMOIDS: lambda scores: [_sigmoid(slope * score) for score in scores],
        Chances.SHARED_SIGMOIDS: shared,
        Chances.SOFTMAX: _softmax,
    }[head.chances]


def _chances(head: Classes, scores: _Floats) -> _Floats:
    if head.chances is Chances.GIVEN:
        return scores[:, :-1] if head.decision is Decision.NAMED else scores
    if head.chances is Chances.SOFTMAX:
        raised = np.exp(scores - scores.max(axis=1, keepdims=True))
        shares: _Floats = raised / raised.sum(axis=1, keepdims=True)
        return shares
    chances = _sigmoids(head.slope * scores)
    if head.chances is Chances.SIGMOID:
        return np.column_stack([1.0 - chances[:, 0], chances[:, 0]])
    if head.chances is Chances.SHARED_SIGMOIDS:
        total = chances.sum(axis=1, keepdims=True)
        chances = np.where(total == 0, 1.0 / chances.shape[1], chances / np.where(total == 0, 1.0, total))
    return chances


def _softmax(scores: Sequence[float]) -> Sequence[float]:
    top = max(scores)
    raised = [math.exp(score - top) for score in scores]
    total = sum(raised)
    return [each / total for each in raised]


def _sigmoid(score: float) -> float:
    if score >= 0:
        return 1.0 / (1.0 + math.exp(-score))
    raised = math.exp(score)
    return raised / (1.0 + raised)


def _sigmoids(scores: _Floats) -> _Floats:
    raised = np.exp(-np.abs(scores))
    chances: _Floats = np.where(scores >= 0, 1.0, raised) / (1.0 + raised)
    return chances


def _exp(score: float) -> float:
    try:
        return math.exp(score)
    except OverflowError:
        return math.inf


def _expm1(score: float) -> float:
    try:
        return math.expm1(score)
    except OverflowError:
        return math.inf


def _softplus(score: float) -> float:
    return max(score, 0.0) + math.log1p(math.exp(-abs(score)))


_ONE: dict[Link, Callable[[float], float]] = {
    Link.EXP: _exp,
    Link.EXPM1: _expm1,
    Link.SIGMOID: _sigmoid,
    Link.SOFTPLUS: _softplus,
    Link.SIGNED_SQUARE: lambda score: math.copysign(score * score, score),
}


def _quietly(function: Callable[[_Floats], _Floats]) -> Callable[[_Floats], _Floats]:
    """Let an overflow be infinite without a warning, as it is for one row."""

    def quiet(scores: _Floats) -> _Floats:
        with np.errstate(over="ignore"):
            return function(scores)

    return quiet


_MANY: dict[Link, Callable[[_Floats], _Floats]] = {
    Link.EXP: _quietly(np.exp),
    Link.EXPM1: _quietly(np.expm1),
    Link.SIGMOID: _sigmoids,
    Link.SOFTPLUS: lambda scores: np.maximum(scores, 0.0) + np.log1p(np.exp(-np.abs(scores))),
    Link.SIGNED_SQUARE: lambda scores: np.copysign(scores * scores, scores),
}
