"""Two models' answers to the same rows, side by side: how far apart their numbers are, and which row differs first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from carafe.errors import CarafeError, InvalidInput
from carafe.models.lowering.answers import Answers
from carafe.schema import Label
from carafe.schema.values import shown

_SHOWN = 4
"""How many probabilities of a row a sentence tells."""

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruler:
    """What counts as the same: classes alike, numbers within ``tolerance``, relative.

    A number's difference is taken relative to the number itself, or to ``scale`` where that is larger: an answer near
    zero is a difference of larger numbers, and nobody computes it to more digits than those have.
    """

    tolerance: float
    scale: float
    classes: tuple[Label, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The largest relative difference of finite numbers, and the first row that differs too much, in words."""

    largest: float
    row: int | None = None
    story: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lenience:
    """Rows, of shape (n,) each, that prove less than others; what is refused as invalid input must be, all the same."""

    silent: NDArray[np.bool_]
    """What is expected is nothing that a client gets, so that nothing else is wrong."""
    far: NDArray[np.bool_]
    """Who refuses them says nothing wrong, nor who answers; two answers must be the same."""


def compare(got: Answers, expected: Answers, rows: NDArray[np.intp], ruler: Ruler, lenience: Lenience) -> Difference:
    """Compare one model's answers with what another answered to the rows at these positions."""
    truth = expected.values[rows]
    refused = np.array([row in expected.refusals for row in rows], dtype=bool)
    refuses = np.zeros(len(rows), dtype=bool)
    refuses[list(got.refusals)] = True
    distance = relative_distance(got.values, truth, ruler.scale)
    wrong = (got.values != truth) if ruler.classes else ~(distance <= ruler.tolerance)
    answered = ~refused & ~refuses
    numbers = [] if ruler.classes else [distance[answered]]
    if got.probabilities is not None and expected.probabilities is not None:
        chances = relative_distance(got.probabilities, expected.probabilities[rows], ruler.scale)
        wrong |= (~(chances <= ruler.tolerance)).any(axis=1)
        numbers.append(chances[answered & ~lenience.silent[rows]].ravel())
    invalid = np.array([isinstance(expected.refusals.get(row), InvalidInput) for row in rows], dtype=bool)
    silent, far = lenience.silent[rows], lenience.far[rows]
    unlike = (refused != refuses) | _other_error(got, expected, rows)
    wrong = (answered & wrong & ~silent) | (unlike & (invalid | ~(silent | far)))
    largest = max((float(part[np.isfinite(part)].max(initial=0.0)) for part in numbers), default=0.0)
    if not wrong.any():
        return Difference(largest=largest)
    first = int(np.argmax(wrong))
    story = f"{_said(got, first, ruler)}, the native model {_said(expected, rows[first], ruler)}"
    return Difference(largest=largest, row=first, story=story)


def relative_distance(got: Numbers, expected: Numbers, scale: float) -> Numbers:
    """Return how far numbers are apart, relative to the expected ones or to ``scale`` where that is larger.

    0 where both are NaN or equal, infinity where only one is NaN.
    """
    with np.errstate(all="ignore"):
        distance = np.abs(got - expected) / np.maximum(np.abs(expected), scale)
    same = (got == expected) | (np.isnan(got) & np.isnan(expected))
    distance[same] = 0.0
    distance[np.isnan(distance)] = np.inf
    return distance


def _other_error(got: Answers, expected: Answers, rows: NDArray[np.intp]) -> NDArray[np.bool_]:
    other = np.zeros(len(rows), dtype=bool)
    for row, error in got.refusals.items():
        other[row] = type(error) is not type(expected.refusals.get(rows[row], error))
    return other


def _said(answers: Answers, row: int, ruler: Ruler) -> str:
    """Return in words what a model said to a row."""
    error = answers.refusals.get(row)
    if error is not None:
        return f"refuses it ({error.slug})" if isinstance(error, CarafeError) else f"fails ({type(error).__name__})"
    value = answers.values[row]
    said = shown(ruler.classes[int(value)]) if ruler.classes else repr(float(value))
    if answers.probabilities is None:
        return f"answers {said}"
    chances = ", ".join(repr(float(chance)) for chance in answers.probabilities[row][:_SHOWN])
    return f"answers {said} with probabilities {chances}{', ...' if len(answers.probabilities[row]) > _SHOWN else ''}"
