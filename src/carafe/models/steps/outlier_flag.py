"""Outliers, marked."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from carafe.models.steps.bounds import learn_bounds
from carafe.models.steps.frames import Floats, Frame, floats, names_of


class OutlierFlag(TransformerMixin, BaseEstimator):  # type: ignore[misc] # scikit-learn ships no types
    """1 for each number outside the bounds learnt from the training rows, else 0; a missing value is no outlier.

    Shape (n, k) in and out; the columns are named ``<column>_outlier``.

    Args:
        method: how bounds are learnt: iqr, z-score or isolation-forest (see `carafe.models.steps.bounds`).
        factor: how wide they are; None = the method's usual width.
        seed: of the isolation forest.
    """

    def __init__(self, *, method: str = "iqr", factor: float | None = None, seed: int = 0) -> None:
        self.method = method
        self.factor = factor
        self.seed = seed

    def fit(self, X: Frame, y: object = None) -> Self:  # noqa: N803, ARG002 - scikit-learn's names
        """Learn ``lower_`` and ``upper_``, one number a column."""
        values = floats(self, X, reset=True)
        self.lower_, self.upper_ = learn_bounds(values, method=self.method, factor=self.factor, seed=self.seed)
        return self

    def transform(self, X: Frame) -> Floats:  # noqa: N803 - scikit-learn's name
        """Return the flags, float64 of shape (n, k)."""
        check_is_fitted(self)
        values = floats(self, X, reset=False)
        return ((values < self.lower_) | (values > self.upper_)).astype(np.float64)

    def get_feature_names_out(self, input_features: object = None) -> NDArray[np.object_]:
        """Return ``<column>_outlier`` for each column."""
        check_is_fitted(self)
        return np.array([f"{name}_outlier" for name in names_of(self, input_features)], dtype=object)
