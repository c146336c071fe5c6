"""Sums that hold through a table: ``total = fare + tip + tolls`` and a few fixed amounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

COEFFICIENT_TOLERANCE = 0.3
"""How far a fitted coefficient may lie from +1 or -1; what is left of the sum then decides."""

EXACT_SHARE = 1e-6
"""What is left of a sum that holds exactly varies at most by this share of each side's variance."""

FEW_SHARE = 0.1
"""Left-overs are few when 95 % of the rows have one of a tenth as many values as either side needs."""

COVERED = 0.95
MAX_TERMS = 50
"""The most columns that a sum is looked for in; those most correlated with its total are taken."""

COPY = 0.99999
"""A column that correlates with the total like this is no part of it, but the total again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """``total`` is the signed sum of ``terms`` up to a few fixed amounts (``extras`` of them; 1 if it is exact)."""

    total: int
    terms: tuple[tuple[int, int], ...]
    """Positions of the columns, each with +1 or -1."""
    extras: int

    def sign_of(self, column: int) -> int:
        """Return +1 or -1 for a term, 0 for a column that is none."""
        return dict(self.terms).get(column, 0)


class SumFinder:
    """Looks for sums among the columns of one complete matrix (rows, columns), whose correlations it computes once."""

    def __init__(self, matrix: NDArray[np.float64]) -> None:
        self._matrix = matrix
        spread = matrix.std(axis=0)
        self._spread = np.where(spread > 0, spread, 1.0)
        scaled = (matrix - matrix.mean(axis=0)) / self._spread
        self._correlations = scaled.T @ scaled / len(matrix)

    def find(self, total: int, *, through: int | None = None) -> Sum | None:
        """Return how the column ``total`` is the sum of two or more others, or None.

        ``through`` is a column that must be among the terms. Least squares suggests the terms; the sum holds when what
        is left over is constant, or one of few amounts while both sides have many values.
        """
        others = self._candidates(total, through)
        signs = self._rounded_coefficients(others, total)
        terms = tuple((column, int(sign)) for column, sign in zip(others, signs, strict=True) if sign)
        if len(terms) < 2 or (through is not None and through not in dict(terms)):
            return None
        columns = self._matrix.T
        rest = columns[total] - sum(sign * columns[column] for column, sign in terms)
        extras = _few(rest, [columns[total], columns[total if through is None else through]])
        return Sum(total=total, terms=terms, extras=extras) if extras else None

    def _candidates(self, total: int, through: int | None) -> list[int]:
        """Return the columns that may be terms: the most correlated ones, without copies of the total."""
        strength = np.abs(self._correlations[total])
        columns = [
            column
            for column in range(len(strength))
            if column == through or (column != total and strength[column] < COPY)
        ]
        return sorted(columns, key=lambda column: (column != through, -strength[column]))[:MAX_TERMS]

    def _rounded_coefficients(self, others: list[int], total: int) -> NDArray[np.float64]:
        among, with_total = self._correlations[np.ix_(others, others)], self._correlations[others, total]
        fitted = np.linalg.lstsq(among, with_total, rcond=1e-10)[0] * self._spread[total] / self._spread[others]
        rounded = np.clip(np.round(fitted), -1, 1)
        return np.where(np.abs(fitted - rounded) <= COEFFICIENT_TOLERANCE, rounded, 0.0)


def _few(rest: NDArray[np.float64], sides: Sequence[NDArray[np.float64]]) -> int:
    """Return how many amounts cover the left-overs if these are few (1 if they hardly vary), else 0."""
    smallest = min(float(side.var()) for side in sides)
    if rest.var() <= EXACT_SHARE * smallest:
        return 1
    decimals = 9 - int(np.ceil(np.log10(max(float(np.abs(side).max()) for side in sides) + 1)))
    amounts = _covering(np.round(rest, decimals))
    enough = min(_covering(np.round(side, decimals)) for side in sides)
    return amounts if amounts <= FEW_SHARE * enough else 0


def _covering(values: NDArray[np.float64]) -> int:
    """Return how many distinct values it takes to cover most rows, the frequent ones first."""
    counts = np.sort(np.unique(values, return_counts=True)[1])[::-1]
    return int(np.searchsorted(np.cumsum(counts), COVERED * len(values))) + 1
