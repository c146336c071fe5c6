"""Outliers, clipped."""

from __future__ import annotations

import numpy as np
from sklearn.base import OneToOneFeatureMixin

from carafe.models.steps.bounds import Bounded
from carafe.models.steps.frames import Floats, Frame


class Clip(OneToOneFeatureMixin, Bounded):  # type: ignore[misc] # scikit-learn ships no types
    """Numbers, each moved to the nearer bound where it lies outside the bounds learnt from the training rows.

    Shape (n, k) in and out; a missing value stays missing.

    Args:
        method: how bounds are learnt: iqr, z-score or isolation-forest (see `carafe.models.steps.bounds`).
        factor: how wide they are; None = the method's usual width.
        seed: of the isolation forest.
    """

    def transform(self, X: Frame) -> Floats:  # noqa: N803 - scikit-learn's name
        """Return the numbers within the bounds, float64 of shape (n, k)."""
        clipped: Floats = np.clip(self._values(X), self.lower_, self.upper_)
        return clipped
