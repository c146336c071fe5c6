"""Outliers, replaced."""

from __future__ import annotations

import numpy as np
from sklearn.base import OneToOneFeatureMixin

from carafe.models.steps.bounds import Bounded
from carafe.models.steps.frames import Floats, Frame


class ReplaceOutliers(OneToOneFeatureMixin, Bounded):  # type: ignore[misc] # no types there
    """Numbers, with the median of the training values in place of each one outside the learnt bounds.

    Shape (n, k) in and out; a missing value stays missing. The median is that of the values within the bounds.

    Args:
        method: how bounds are learnt: iqr, z-score or isolation-forest (see `carafe.models.steps.bounds`).
        factor: how wide they are; None = the method's usual width.
        seed: of the isolation forest.
    """

    def transform(self, X: Frame) -> Floats:  # noqa: N803 - scikit-learn's name
        """Return the numbers, outliers replaced, float64 of shape (n, k)."""
        values = self._values(X)
        return np.where(self._outside(values), self.median_, values)

    def _learn(self, values: Floats) -> None:
        """Learn ``median_``, one number a column."""
        within = np.where(self._outside(values), np.nan, values)
        self.median_ = np.array([_median(column) for column in within.T], dtype=np.float64)


def _median(column: Floats) -> float:
    known = column[~np.isnan(column)]
    return float(np.median(known)) if len(known) else float("nan")
