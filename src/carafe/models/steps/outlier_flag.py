"""Outliers, marked."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from carafe.models.steps.bounds import Bounded
from carafe.models.steps.frames import Floats, Frame, names_of


class OutlierFlag(Bounded):
    """1 for each number outside the bounds learnt from the training rows, else 0; a missing value is no outlier.

    Shape (n, k) in and out; the columns are named ``<column>_outlier``.

    Args:
        method: how bounds are learnt: iqr, z-score or isolation-forest (see `carafe.models.steps.bounds`).
        factor: how wide they are; None = the method's usual width.
        seed: of the isolation forest.
    """

    def transform(self, X: Frame) -> Floats:  # noqa: N803 - scikit-learn's name
        """Return the flags, float64 of shape (n, k)."""
        return self._outside(self._values(X)).astype(np.float64)

    def get_feature_names_out(self, input_features: object = None) -> NDArray[np.object_]:
        """Return ``<column>_outlier`` for each column."""
        check_is_fitted(self)
        return np.array([f"{name}_outlier" for name in names_of(self, input_features)], dtype=object)
