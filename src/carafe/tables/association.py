"""How much one column alone tells about another: 0 nothing, 1 everything."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.intp]
Numbers = NDArray[np.float64]


def linear(first: Numbers, second: Numbers) -> float:
    """Return the share of variance that a straight line explains (the squared correlation); 0 for a constant."""
    if first.std() == 0 or second.std() == 0:
        return 0.0
    return float(np.corrcoef(first, second)[0, 1] ** 2)


def monotone(first: Numbers, second: Numbers) -> float:
    """Return the squared rank correlation (Spearman, ties at their average rank)."""
    return linear(_ranks(first), _ranks(second))


def by_group(codes: Codes, numbers: Numbers) -> float:
    """Return the share of variance between the groups' means (the correlation ratio); 0 for constant numbers."""
    counts = np.maximum(np.bincount(codes), 1)
    means = np.bincount(codes, weights=numbers) / counts
    total = float(((numbers - numbers.mean()) ** 2).sum())
    return 1 - float(((numbers - means[codes]) ** 2).sum()) / total if total else 0.0


def by_majority(codes: Codes, classes: Codes) -> float:
    """Return which share of the errors of always naming the commonest class is avoided by naming it group by group.

    This is Goodman and Kruskal's lambda of the classes given the groups; 0 where there is one class only.
    """
    table = np.zeros((codes.max() + 1, classes.max() + 1), dtype=np.int64)
    np.add.at(table, (codes, classes), 1)
    common = int(table.sum(axis=0).max())
    rest = len(classes) - common
    return (int(table.max(axis=1).sum()) - common) / rest if rest else 0.0


def quantile_codes(numbers: Numbers, bins: int = 20) -> Codes:
    """Return which of ``bins`` parts of about equal size each number falls into."""
    edges = np.unique(np.quantile(numbers, np.linspace(0, 1, bins + 1)[1:-1]))
    return np.searchsorted(edges, numbers, side="right")


def _ranks(numbers: Numbers) -> Numbers:
    _, inverse, counts = np.unique(numbers, return_inverse=True, return_counts=True)
    after = np.cumsum(counts)
    average: Numbers = (after - (counts - 1) / 2)[inverse]
    return average
