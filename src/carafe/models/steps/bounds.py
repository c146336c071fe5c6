"""The bounds outside which a number counts as an outlier, learnt from training values."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import IsolationForest

from carafe.models.steps.frames import Floats


class OutlierMethod(StrEnum):
    """How the bounds are found."""

    IQR = "iqr"
    Z_SCORE = "z-score"
    ISOLATION_FOREST = "isolation-forest"


DEFAULT_FACTORS = {OutlierMethod.IQR: 1.5, OutlierMethod.Z_SCORE: 3.0, OutlierMethod.ISOLATION_FOREST: 0.01}
"""Interquartile ranges (Tukey's fences), standard deviations, and the share of values that are cut off."""


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
