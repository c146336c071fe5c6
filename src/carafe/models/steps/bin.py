"""Numbers, cut into bins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from carafe.models.steps.frames import Floats, Frame, floats

MISSING = "missing"
"""The label of a missing value's bin."""


class Bin(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc] # scikit-learn ships no types
    """The bin in which each number lies, shape (n, k) in and out: its label as a string, or its number from 0.

    A bin takes its lower edge and leaves its upper edge to the next; the last takes both. A number below the first
    edge falls into the first bin, one above the last edge into the last. A missing value has a bin of its own, called
    missing, with the number -1.

    Args:
        edges: the edges, rising, such as [0, 18, 30, 60, 100]; None with ``quantiles``.
        labels: one label a bin; None = "0 to 18", "18 to 30", ... (with quantiles: "q1", "q2", ..., also
            where fewer bins than labels are left).
        quantiles: learn edges that cut the training values into this many parts of equal count. Equal edges fall
            together, so a column of few values has fewer bins.
        codes: the bins' numbers as float64 in place of their labels.
    """

    def __init__(
        self,
        *,
        edges: Sequence[float] | None = None,
        labels: Sequence[str] | None = None,
        quantiles: int | None = None,
        codes: bool = False,
    ) -> None:
        self.edges = edges
        self.labels = labels
        self.quantiles = quantiles
        self.codes = codes

    def fit(self, X: Frame, y: object = None) -> Self:  # noqa: N803, ARG002 - scikit-learn's names
        """Note or learn ``edges_``: for each column its inner edges; and ``labels_``: for each its labels.

        Raises:
            ValueError: when the edges do not rise, or there is not one label a bin between them.
        """
        self._check_edges()
        values = floats(self, X, reset=True)
        self.edges_ = [self._inner_edges(column[~np.isnan(column)]) for column in values.T]
        self.labels_ = [self._labels(len(edges) + 1) for edges in self.edges_]
        return self

    def transform(self, X: Frame) -> NDArray[np.object_] | Floats:  # noqa: N803 - scikit-learn's name
        """Return the labels, objects of shape (n, k), or with ``codes`` the numbers, float64 of that shape."""
        check_is_fitted(self)
        values = floats(self, X, reset=False)
        codes = np.stack([_codes(column, edges) for column, edges in zip(values.T, self.edges_, strict=True)], axis=1)
        if self.codes:
            return codes.astype(np.float64)
        labels = [np.array([*known, MISSING], dtype=object) for known in self.labels_]  # -1 counts from the end
        return np.stack([known[column] for known, column in zip(labels, codes.T, strict=True)], axis=1)

    def _check_edges(self) -> None:
        if self.edges is None:
            return
        if len(self.edges) < 2 or not (np.diff(self.edges) > 0).all():
            raise ValueError(f"edges: got {list(self.edges)}, expected at least two numbers, each above the one before")
        if self.labels is not None and len(self.labels) != len(self.edges) - 1:
            raise ValueError(f"labels: got {list(self.labels)}, expected {len(self.edges) - 1}, one a bin")

    def _inner_edges(self, known: Floats) -> list[float]:
        if self.edges is not None:
            return [float(edge) for edge in self.edges[1:-1]]
        if not len(known) or self.quantiles is None:
            return []
        inner = np.quantile(known, np.linspace(0, 1, self.quantiles + 1)[1:-1])
        return [float(edge) for edge in np.unique(inner) if known.min() < edge]

    def _labels(self, count: int) -> list[str]:
        if self.labels is not None and len(self.labels) == count:
            return list(self.labels)
        if self.edges is not None:
            return [f"{low:g} to {high:g}" for low, high in zip(self.edges[:-1], self.edges[1:], strict=True)]
        return [f"q{index + 1}" for index in range(count)]


def _codes(column: Floats, edges: list[float]) -> NDArray[np.intp]:
    missing = np.isnan(column)
    codes: NDArray[np.intp] = np.searchsorted(edges, np.where(missing, 0.0, column), side="right")
    codes[missing] = -1
    return codes
