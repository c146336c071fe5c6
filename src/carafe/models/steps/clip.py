"""Outliers, clipped."""

from __future__ import annotations

from typing import Self

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from carafe.models.steps.bounds import learn_bounds
from carafe.models.steps.frames import Floats, Frame, floats


class Clip(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc] # scikit-learn ships no types
    """Numbers, each moved to the nearer bound where it lies outside the bounds learnt from the training rows.

    Shape (n, k) in and out; a missing value stays missing.

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
        """Return the numbers within the bounds, float64 of shape (n, k)."""
        check_is_fitted(self)
        clipped: Floats = np.clip(floats(self, X, reset=False), self.lower_, self.upper_)
        return clipped
