"""What a model answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray


class Prediction:
    """One answer a row, as arrays or as plain lists, whichever is asked for.

    A model that answers many rows at once makes arrays; a compiled one that was asked about a few records makes lists,
    because an array costs more there than the answer. Each is made from the other where it is wanted.

    Args:
        values: for regression the numbers, float64 of shape (n,), in the unit of the training target; for
            classification intp of shape (n,), indices into ``signature.target.classes``.
        probabilities: float64 of shape (n, classes), in the order of those classes; None where not asked for.
        waited: for how many seconds the rows waited for their turn before the model saw them.
    """

    __slots__ = ("_chances", "_listed_chances", "_listed_values", "_values", "waited")

    def __init__(
        self,
        *,
        values: NDArray[np.float64] | NDArray[np.intp] | None = None,
        probabilities: NDArray[np.float64] | None = None,
        listed_values: Sequence[float] | None = None,
        listed_probabilities: Sequence[Sequence[float]] | None = None,
        waited: float = 0.0,
    ) -> None:
        self._values = values
        self._chances = probabilities
        self._listed_values = listed_values
        self._listed_chances = listed_probabilities
        self.waited = waited

    @classmethod
    def of_lists(cls, values: Sequence[float], probabilities: Sequence[Sequence[float]] | None = None) -> Self:
        """Return a prediction of plain numbers: floats for regression, whole numbers for classification."""
        return cls(listed_values=values, listed_probabilities=probabilities)

    @property
    def count(self) -> int:
        """How many rows were answered."""
        return len(self.listed_values if self._values is None else self._values)

    def part(self, begin: int, end: int) -> Prediction:
        """Return the answers from row ``begin`` to the one before ``end``, in whichever forms they are there."""
        span = slice(begin, end)
        return Prediction(
            values=None if self._values is None else self._values[span],
            probabilities=None if self._chances is None else self._chances[span],
            listed_values=None if self._listed_values is None else self._listed_values[span],
            listed_probabilities=None if self._listed_chances is None else self._listed_chances[span],
        )

    @property
    def values(self) -> NDArray[np.float64] | NDArray[np.intp]:
        """The answers as an array of shape (n,)."""
        if self._values is None:
            listed = self._listed_values or ()
            if listed and all(isinstance(value, int) for value in listed):
                self._values = np.array(listed, dtype=np.intp)
            else:
                self._values = np.array(listed, dtype=np.float64)
        return self._values

    @property
    def probabilities(self) -> NDArray[np.float64] | None:
        """The probabilities as an array of shape (n, classes), or None."""
        if self._chances is None and self._listed_chances is not None:
            self._chances = np.array(self._listed_chances, dtype=np.float64)
        return self._chances

    @property
    def has_probabilities(self) -> bool:
        """Whether they were asked for."""
        return self._chances is not None or self._listed_chances is not None

    @property
    def listed_values(self) -> Sequence[float]:
        """The answers as plain numbers."""
        if self._listed_values is None:
            self._listed_values = () if self._values is None else self._values.tolist()
        return self._listed_values

    @property
    def listed_probabilities(self) -> Sequence[Sequence[float]] | None:
        """The probabilities as plain numbers, or None."""
        if self._listed_chances is None and self._chances is not None:
            self._listed_chances = self._chances.tolist()
        return self._listed_chances
