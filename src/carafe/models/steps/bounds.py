"""The bounds outside which a number counts as an outlier, learnt from training values, and the steps that know them."""

from __future__ import annotations

from enum import StrEnum
from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.ensemble import IsolationForest
from sklearn.utils.validation import check_is_fitted

from carafe.models.steps.frames import Floats, Frame, floats


class OutlierMethod(StrEnum):
    """How the bounds are found."""

    IQR = "iqr"
    Z_SCORE = "z-score"
    ISOLATION_FOREST = "isolation-forest"


DEFAULT_FACTORS = {OutlierMethod.IQR: 1.5, OutlierMethod.Z_SCORE: 3.0, OutlierMethod.ISOLATION_FOREST: 0.01}
"""Interquartile ranges (Tukey's fences), standard deviations, and the share of values that are cut off."""


class Bounded(TransformerMixin, BaseEstimator):  # type: ignore[misc] # scikit-learn ships no types
    """What the steps share that do something about outliers: how bounds are learnt, and which numbers lie outside.

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
        self._learn(values)
        return self

    def _learn(self, values: Floats) -> None:
        """Learn more from the training values, once the bounds are known."""

    def _values(self, frame: Frame) -> Floats:
        check_is_fitted(self)
        return floats(self, frame, reset=False)

    def _outside(self, values: Floats) -> NDArray[np.bool_]:
        """Tell which numbers are outliers; a missing value is none."""
        return (values < self.lower_) | (values > self.upper_)


def learn_bounds(values: Floats, *, method: str, factor: float | None, seed: int) -> tuple[Floats, Floats]:
    """Return the lower and the upper bound of each column of ``values`` (n, k), NaN left out.

    iqr: the quartiles, widened by ``factor`` interquartile ranges. z-score: the mean, widened by ``factor`` standard
    deviations. isolation-forest: the range of the values that a forest over that column alone does not isolate, where
    ``factor`` is the share it isolates (Liu, Ting and Zhou 2008). A column without any value is unbounded.
    """
    known = OutlierMethod(method)
    width = DEFAULT_FACTORS[known] if factor is None else factor
    pairs = [_column_bounds(column[~np.isnan(column)], known, width, seed) for column in values.T]
    bounds = np.array(pairs, dtype=np.float64).reshape(-1, 2)
    return bounds[:, 0], bounds[:, 1]


def _column_bounds(values: Floats, method: OutlierMethod, factor: float, seed: int) -> tuple[float, float]:
    if not len(values):
        return -np.inf, np.inf
    if method is OutlierMethod.IQR:
        low, high = np.quantile(values, [0.25, 0.75])
        return float(low - factor * (high - low)), float(high + factor * (high - low))
    if method is OutlierMethod.Z_SCORE:
        return float(values.mean() - factor * values.std()), float(values.mean() + factor * values.std())
    return _isolation_bounds(values, min(factor, 0.5), seed)


def _isolation_bounds(values: Floats, share: float, seed: int) -> tuple[float, float]:
    forest = IsolationForest(contamination=share, random_state=seed)
    kept: NDArray[np.bool_] = forest.fit_predict(values.reshape(-1, 1)) == 1
    inliers = values[kept] if kept.any() else values
    return float(inliers.min()), float(inliers.max())
