"""How far apart the answers of two versions are."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from carafe.schema import Label, Prediction, Signature, Task

SAME = 1e-6
"""Numbers that differ by no more than this share of the larger one are the same."""

RELATIVE = (SAME, 1e-4, 1e-3, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0)
"""Upper bounds for relative differences; whatever is beyond falls into one more bucket."""

MEASURABLE = 1e100
"""A larger difference is told as different, and not added to any sum, which it would make infinite."""

_Floats = NDArray[np.float64]


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """How the answers of two versions to the same rows differ."""

    rows: int
    different: int
    """How many rows got another label, or a number that is not the same."""
    measured: int = 0
    """For how many rows there is an absolute difference: of numbers, or of probabilities where both have them."""
    total: float = 0.0
    """The sum of the absolute differences: in the target's unit, or of the probabilities that differ most."""
    largest: float = 0.0
    """The largest of them."""
    relative: tuple[int, ...] = ()
    """How many rows differ by how much, in the buckets of RELATIVE; empty for labels."""
    relative_total: float = 0.0
    """The sum of the finite relative differences."""


def compare(answer: Prediction, other: Prediction, *, given: Signature, wanted: Signature) -> Difference:
    """Return how the ``other`` prediction differs from the ``answer``, row by row.

    Args:
        answer: what the version with the signature ``given`` said.
        other: what the one with the signature ``wanted`` did, which does the same task and was asked the same rows.
        given: names the first one's classes.
        wanted: names the second one's.
    """
    if given.target.task is Task.REGRESSION:
        return _of_numbers(np.asarray(answer.values, dtype=np.float64), np.asarray(other.values, dtype=np.float64))
    places = _places(given.target.classes, wanted.target.classes)
    different = int(np.count_nonzero(np.asarray(answer.values) != places[np.asarray(other.values)]))
    gaps = _of_probabilities(answer.probabilities, other.probabilities, places)
    return Difference(
        rows=answer.count,
        different=different,
        measured=len(gaps),
        total=float(gaps.sum()),
        largest=float(gaps.max(initial=0.0)),
    )


def _of_numbers(one: _Floats, other: _Floats) -> Difference:
    same = (one == other) | (np.isnan(one) & np.isnan(other))
    with np.errstate(all="ignore"):  # infinite numbers, and two zeros
        gaps = np.where(same, 0.0, np.abs(one - other))
        shares = np.where(same, 0.0, gaps / np.maximum(np.abs(one), np.abs(other)))
    shares = np.where(np.isfinite(shares), shares, np.inf)
    finite = gaps[gaps < MEASURABLE]
    buckets = np.bincount(np.searchsorted(RELATIVE, shares), minlength=len(RELATIVE) + 1)
    return Difference(
        rows=len(one),
        different=int(np.count_nonzero(shares > SAME)),
        measured=len(finite),
        total=float(finite.sum()),
        largest=float(finite.max(initial=0.0)),
        relative=tuple(buckets.tolist()),
        relative_total=float(shares[np.isfinite(shares)].sum()),
    )


def _places(given: tuple[Label, ...], wanted: tuple[Label, ...]) -> NDArray[np.intp]:
    """Return where each class of the second version stands among those of the first; -1 where it does not."""
    known = {_typed(label): index for index, label in enumerate(given)}
    return np.array([known.get(_typed(label), -1) for label in wanted], dtype=np.intp)


def _typed(label: Label) -> tuple[type, Label]:
    return type(label), label  # True is no 1


def _of_probabilities(one: _Floats | None, other: _Floats | None, places: NDArray[Any]) -> _Floats:
    """Return by how much the probabilities of each row differ at the utmost; nothing where one has none."""
    if one is None or other is None:
        return np.empty(0)
    beyond = other[:, places < 0]
    aligned = np.zeros_like(one)
    aligned[:, places[places >= 0]] = other[:, places >= 0]
    gaps: _Floats = np.hstack([np.abs(one - aligned), beyond]).max(axis=1, initial=0.0)
    return gaps
