"""Outliers, replaced."""

from __future__ import annotations

from typing import Self

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from carafe.models.steps.bounds import learn_bounds
from carafe.models.steps.frames import Floats, Frame, floats


class ReplaceOutliers(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc] # no types there
    """Numbers, with the median of the training values in place of each one outside the learnt bounds.

    Shape (n, k) in and out; a missing value stays missing. The median is that of the values within the bounds.

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
        """Learn ``lower_``, ``upper_`` and ``median_``, one number a column."""
        values = floats(self, X, reset=True)
        self.lower_, self.upper_ = learn_bounds(values, method=self.method, factor=self.factor, seed=self.seed)
        within = np.where((values >= self.lower_) & (values <= self.upper_), values, np.nan)
        self.median_ = np.array([_median(column) for column in within.T], dtype=np.float64)
        return self

    def transform(self, X: Frame) -> Floats:  # noqa: N803 - scikit-learn's name
        """Return the numbers, outliers replaced, float64 of shape (n, k)."""
        check_is_fitted(self)
        values = floats(self, X, reset=False)
        return np.where((values < self.lower_) | (values > self.upper_), self.median_, values)


def _median(column: Floats) -> float:
    known = column[~np.isnan(column)]
    return float(np.median(known)) if len(known) else float("nan")
