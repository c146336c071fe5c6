"""The time between two date-times."""

from __future__ import annotations

from enum import StrEnum
from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from carafe.models.steps.frames import Floats, Frame, moments


class ElapsedUnit(StrEnum):
    """The unit a time is measured in."""

    SECONDS = "seconds"
    MINUTES = "minutes"
    HOURS = "hours"
    DAYS = "days"


_MICROSECONDS = {
    ElapsedUnit.SECONDS: 1e6,
    ElapsedUnit.MINUTES: 60e6,
    ElapsedUnit.HOURS: 3600e6,
    ElapsedUnit.DAYS: 86400e6,
}


class Elapsed(TransformerMixin, BaseEstimator):  # type: ignore[misc] # scikit-learn ships no types
    """The time from the first to the second of two date-time columns: (n, 2) in, (n, 1) float64 out.

    Negative where the second lies before the first, NaN where either is missing.

    Args:
        name: the new column's name.
        unit: seconds, minutes, hours or days.
    """

    def __init__(self, *, name: str = "elapsed", unit: str = "seconds") -> None:
        self.name = name
        self.unit = unit

    def fit(self, X: Frame, y: object = None) -> Self:  # noqa: N803, ARG002 - scikit-learn's names
        """Check that there are two columns; note ``unit_``, in microseconds."""
        values = moments(self, X, reset=True)
        if values.shape[1] != 2:
            raise ValueError(f"Elapsed takes two date-time columns, got {values.shape[1]}")
        self.unit_ = _MICROSECONDS[ElapsedUnit(self.unit)]
        return self

    def transform(self, X: Frame) -> Floats:  # noqa: N803 - scikit-learn's name
        """Return the time elapsed, float64 of shape (n, 1)."""
        check_is_fitted(self)
        values = moments(self, X, reset=False)
        passed = (values[:, 1] - values[:, 0]).reshape(-1, 1)
        return np.where(np.isnat(passed), np.nan, passed.astype(np.int64) / self.unit_)

    def get_feature_names_out(self, input_features: object = None) -> NDArray[np.object_]:  # noqa: ARG002
        """Return the new column's name."""
        check_is_fitted(self)
        return np.array([self.name], dtype=object)
