"""Numbers made of other numbers: ratio, product, sum."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from carafe.models.steps.frames import Floats, Frame, floats


class _Combination(TransformerMixin, BaseEstimator):  # type: ignore[misc] # scikit-learn ships no types
    """One new column of k columns: (n, k) in, (n, 1) float64 out, NaN where any of them is missing.

    Args:
        name: the new column's name.
    """

    def __init__(self, *, name: str = "combination") -> None:
        self.name = name

    def fit(self, X: Frame, y: object = None) -> Self:  # noqa: N803, ARG002 - scikit-learn's names
        """Note the columns' names; nothing is learnt from the values."""
        self._check(floats(self, X, reset=True))
        return self

    def transform(self, X: Frame) -> Floats:  # noqa: N803 - scikit-learn's name
        """Return the new column, float64 of shape (n, 1); NaN also where the result is not finite."""
        check_is_fitted(self)
        with np.errstate(all="ignore"):
            combined = self._combine(floats(self, X, reset=False))
        return np.where(np.isfinite(combined), combined, np.nan).reshape(-1, 1)

    def get_feature_names_out(self, input_features: object = None) -> NDArray[np.object_]:  # noqa: ARG002
        """Return the new column's name."""
        check_is_fitted(self)
        return np.array([self.name], dtype=object)

    def _check(self, values: Floats) -> None:
        """Raise ValueError when the number of columns does not suit."""

    def _combine(self, values: Floats) -> Floats:
        raise NotImplementedError


class Ratio(_Combination):
    """The first column divided by the second; NaN where the divisor is 0.

    (n, 2) in, (n, 1) float64 out, NaN where either is missing.

    Args:
        name: the new column's name.
    """

    def _check(self, values: Floats) -> None:
        if values.shape[1] != 2:
            raise ValueError(f"Ratio takes two columns, got {values.shape[1]}")

    def _combine(self, values: Floats) -> Floats:
        return values[:, 0] / values[:, 1]


class Product(_Combination):
    """The product of the columns: (n, k) in, (n, 1) float64 out, NaN where any of them is missing.

    Args:
        name: the new column's name.
    """

    def _combine(self, values: Floats) -> Floats:
        product: Floats = values.prod(axis=1)
        return product


class Sum(_Combination):
    """The sum of the columns: (n, k) in, (n, 1) float64 out, NaN where any of them is missing.

    Args:
        name: the new column's name.
    """

    def _combine(self, values: Floats) -> Floats:
        total: Floats = values.sum(axis=1)
        return total
