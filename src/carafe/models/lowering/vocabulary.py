"""Texts as weights of their terms: columns of a matrix, one row's numbers, or a row's scores at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from carafe.errors import PredictionFailed
from carafe.models.lowering.analysis import Analyse, analyser
from carafe.models.lowering.words import Norm, Weighing, Words

Matrix = NDArray[np.float64]
Places = NDArray[np.intp]

_KEPT = 256
"""The factors of counts below this are kept."""


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """The terms of one operation, ready to be found in texts."""

    op: Words
    analyse: Analyse
    place: dict[str, int]
    factor: Callable[[int], float]
    """From how often a term stands in a text to its weight before ``idf``."""
    idf: Sequence[float]
    read: dict[str | None, str | None]
    """What is read in place of a value; None is refused."""

    @classmethod
    def of(cls, op: Words) -> Vocabulary:
        """Return the vocabulary of an operation."""
        return cls(
            op=op,
            analyse=analyser(op.analysis),
            place={term: index for index, term in enumerate(op.vocabulary)},
            factor=_factor(op.weighing),
            idf=op.weighing.idf or [1.0] * op.width,
            read={None: op.absent, **dict(op.replaced)},
        )

    def refuses(self, value: str | None) -> bool:
        """Tell whether the fitted vectoriser raises an error for what stands in the column."""
        return self.read.get(value, value) is None

    def texts(self, column: NDArray[Any]) -> list[str | None]:
        """Return what is read of each row, None where it is refused."""
        listed = column.tolist()
        return list(map(self.read.get, listed, listed))

    def counted(self, text: str) -> dict[int, int]:
        """Return how often each term stands in a text, by its place in the vocabulary."""
        counts: dict[int, int] = {}
        for index in map(self.place.get, self.analyse(text)):
            if index is not None:
                counts[index] = counts.get(index, 0) + 1
        return counts

    def weighed(self, text: str) -> tuple[list[int], list[float]]:
        """Return the places of a text's terms, rising, and their weights; added up in scikit-learn's order."""
        counts, factor, idf = self.counted(text), self.factor, self.idf
        places = sorted(counts)
        weights = [factor(counts[index]) * idf[index] for index in places]
        return places, _normed(weights, self.op.weighing.norm)

    def row(self, value: str | None) -> list[float]:
        """Return the weight of every term in one text, most of them 0."""
        made = [0.0] * self.op.width
        for index, weight in zip(*self.weighed(self.read.get(value, value) or ""), strict=True):
            made[index] = weight
        return made

    def scorer(self, weights: Matrix) -> Callable[[str | None], Any]:
        """Return the function from a text to what it adds to each score.

        Args:
            weights: float64 of shape (terms, t).

        Returns:
            A function that returns a float where t is 1, else a list of t floats.
        """
        if weights.shape[1] == 1:
            return self._line(weights[:, 0])
        zeros = [0.0] * weights.shape[1]

        def scores(value: str | None) -> list[float]:
            places, values = self.weighed(self.read.get(value, value) or "")
            if not places:
                return zeros
            added: list[float] = (np.array(values) @ weights.take(places, axis=0)).tolist()
            return added

        return scores

    def _line(self, weights: NDArray[np.float64]) -> Callable[[str | None], float]:
        """Return the function for one score: no weight is computed, the sum is divided by the norm at the end."""
        idf = np.array(self.idf, dtype=np.float64)
        norm, counted, read, factor = self.op.weighing.norm, self.counted, self.read.get, self.factor
        shares: list[float] = (idf * weights).tolist()
        sizes: list[float] = (idf * idf if norm is Norm.L2 else np.abs(idf)).tolist()

        def score(value: str | None) -> float:
            total = size = 0.0
            for index, count in counted(read(value, value) or "").items():
                if count == 1:
                    total += shares[index]
                    size += sizes[index]
                else:
                    by = factor(count)
                    total += by * shares[index]
                    size += (by * by if norm is Norm.L2 else by) * sizes[index]
            if norm is None or not size:
                return total
            return total / (sqrt(size) if norm is Norm.L2 else size)

        return score


@dataclass(slots=True)
class Weights:
    """Some rows' texts, and the weights of their terms once somebody asks for them."""

    vocabulary: Vocabulary
    texts: Sequence[str | None]
    _found: tuple[Places, Places, Matrix] | None = field(default=None, init=False)

    def failure(self) -> PredictionFailed | None:
        """Return the error for a text that the fitted vectoriser does not take, None where it takes all of them."""
        if None not in self.texts:
            return None
        return PredictionFailed("the model fails on these rows: a text is missing, and this model takes none such")

    def write(self, matrix: Matrix, first: int, last: int) -> None:
        """Write the weights of the terms from ``first`` up to ``last`` into a matrix of that shape."""
        rows, places, weights = self._weighed()
        matrix[:] = 0.0
        if (first, last) != (0, self.vocabulary.op.width):
            some = (places >= first) & (places < last)
            rows, places, weights = rows[some], places[some], weights[some]
        matrix[rows, places - first] = weights

    def column(self, place: int) -> NDArray[np.float64]:
        """Return the weight of one term in each row."""
        made = np.empty((len(self.texts), 1))
        self.write(made, place, place + 1)
        return made[:, 0]

    def _weighed(self) -> tuple[Places, Places, Matrix]:
        """Return row, place and weight of every term that stands in a text."""
        if self._found is None:
            counts, places, weights = [], list[int](), list[float]()
            for text in self.texts:
                some, their = self.vocabulary.weighed(text or "")
                counts.append(len(some))
                places += some
                weights += their
            rows = np.repeat(np.arange(len(counts)), counts)
            self._found = rows, np.array(places, dtype=np.intp), np.array(weights, dtype=np.float64)
        return self._found


def _factor(weighing: Weighing) -> Callable[[int], float]:
    if weighing.binary:
        return lambda _: 1.0
    if not weighing.sublinear:
        return float
    kept = [0.0, *_sublinear(np.arange(1.0, _KEPT))]
    return lambda count: kept[count] if count < _KEPT else _sublinear(np.array([float(count)]))[0]


def _sublinear(counts: NDArray[np.float64]) -> list[float]:
    return (np.log(counts) + 1.0).tolist()  # type: ignore[no-any-return] # a list of floats


def _normed(weights: list[float], norm: Norm | None) -> list[float]:
    """Divide weights by their norm; added up from first to last, unlike ``sum``, which since Python 3.12 is exacter."""
    size = 0.0
    if norm is Norm.L2:
        for weight in weights:
            size += weight * weight
        size = sqrt(size)
    elif norm is Norm.L1:
        for weight in weights:
            size += abs(weight)
    return [weight / size for weight in weights] if size else weights
