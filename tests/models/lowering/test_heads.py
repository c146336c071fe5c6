"""Heads: the same answer for one row in plain Python and for many in numpy, and the one that is defined."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import expit, softmax

from carafe.models.lowering.heads import (
    Apply,
    Chances,
    Classes,
    Decision,
    Link,
    Numbers,
    Scale,
    matrix_head,
    row_head,
)

_SCORES = st.lists(st.floats(-800, 800, allow_nan=False), min_size=3, max_size=3)
_ONE = {Decision.POSITIVE, Decision.NOT_NEGATIVE}
_CLASSES = [
    Classes(chances=chances, decision=decision)
    for chances, decision in product(Chances, Decision)
    if decision is not Decision.NAMED
    and (decision is not Decision.LIKELIEST or chances is not Chances.NONE)
    and (chances is Chances.SIGMOID) <= (decision in _ONE or decision is Decision.LIKELIEST)
]


def _both(head: Classes | Numbers, scores: list[float]) -> tuple[float, list[float] | None]:
    """Return the answer to one row, once the matrix was seen to give it, too."""
    value, chances = row_head(head)(scores, True)
    values, table = matrix_head(head, np.array([scores]), probabilities=True)
    assert values[0] == pytest.approx(value, rel=1e-12, nan_ok=True)
    assert (table is None) == (chances is None)
    if table is not None and chances is not None:
        np.testing.assert_allclose(table[0], chances, rtol=1e-12, atol=1e-300)
    return value, None if chances is None else list(chances)


@pytest.mark.parametrize("head", _CLASSES, ids=lambda head: f"{head.chances}, {head.decision}")
@given(_SCORES)
def test_one_row_and_many_agree(head: Classes, scores: list[float]) -> None:
    _both(head, scores[:1] if head.decision in _ONE or head.chances is Chances.SIGMOID else scores)


@given(_SCORES)
def test_a_softmax_is_the_one_of_scipy(scores: list[float]) -> None:
    value, chances = _both(Classes(chances=Chances.SOFTMAX, decision=Decision.LARGEST), scores)

    assert value == np.argmax(scores)
    np.testing.assert_allclose(np.array(chances), softmax(scores), rtol=1e-12, atol=1e-300)


@given(st.floats(-1e300, 1e300), st.floats(0.1, 5.0))
def test_a_logistic_function_never_overflows(score: float, slope: float) -> None:
    value, chances = _both(Classes(chances=Chances.SIGMOID, decision=Decision.LIKELIEST, slope=slope), [score])

    chance = float(expit(slope * score))
    np.testing.assert_allclose(np.array(chances), [1.0 - chance, chance], rtol=1e-12, atol=1e-300)
    assert value == (chance > 0.5)


@pytest.mark.parametrize(
    ("decision", "score", "value"),
    [(Decision.POSITIVE, 0.0, 0), (Decision.NOT_NEGATIVE, 0.0, 1), (Decision.NOT_NEGATIVE, -0.0, 1)],
)
def test_a_score_of_zero_falls_as_the_decision_says(decision: Decision, score: float, value: int) -> None:
    assert _both(Classes(chances=Chances.NONE, decision=decision), [score])[0] == value


def test_the_first_of_equal_scores_is_taken() -> None:
    assert _both(Classes(chances=Chances.GIVEN, decision=Decision.LARGEST), [0.2, 0.4, 0.4])[0] == 1


def test_a_class_that_is_named_is_taken_whatever_its_probability() -> None:
    assert _both(Classes(chances=Chances.GIVEN, decision=Decision.NAMED), [0.9, 0.1, 1.0]) == (1.0, [0.9, 0.1])


def test_chances_that_are_all_zero_are_shared_equally() -> None:
    head = Classes(chances=Chances.SHARED_SIGMOIDS, decision=Decision.LIKELIEST)

    assert _both(head, [-1e5, -1e5, -1e5]) == (0.0, [1 / 3] * 3)


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        (Link.EXP, np.exp),
        (Link.EXPM1, np.expm1),
        (Link.SIGMOID, expit),
        (Link.SOFTPLUS, lambda x: np.logaddexp(0.0, x)),
        (Link.SIGNED_SQUARE, lambda x: np.sign(x) * x * x),
    ],
)
@given(score=st.floats(-700, 700))
def test_a_link_is_the_function_that_it_is_called(link: Link, expected: np.ufunc, score: float) -> None:
    value, _ = _both(Numbers(steps=(Apply(link=link),)), [score])

    assert value == pytest.approx(float(expected(score)), rel=1e-12)


def test_what_is_too_large_for_a_number_is_infinite_for_one_row_as_for_many() -> None:
    for link in (Link.EXP, Link.EXPM1):
        assert _both(Numbers(steps=(Apply(link=link),)), [1e4])[0] == math.inf


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_steps_are_taken_in_order(score: float, factor: float, offset: float) -> None:
    assume(abs(score * factor + offset) < 1e300)
    value, _ = _both(Numbers(steps=(Scale(factor=factor, offset=offset), Apply(link=Link.SIGNED_SQUARE))), [score])

    moved = score * factor + offset
    assert value == math.copysign(moved * moved, moved)


@given(st.lists(_SCORES, min_size=1, max_size=6))
def test_a_matrix_is_answered_row_by_row(rows: list[list[float]]) -> None:
    head = Classes(chances=Chances.SOFTMAX, decision=Decision.LARGEST)
    table: NDArray[np.float64] = np.array(rows)

    values, chances = matrix_head(head, table, probabilities=False)

    assert chances is None
    assert values.tolist() == [row_head(head)(row, False)[0] for row in rows]
