"""What every step takes: a frame of columns (polars), or an array that an earlier step made of one."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import validate_data

Floats = NDArray[np.float64]
"""Numbers, NaN where one is missing."""

Frame = Any
"""A polars frame, or an array that scikit-learn takes."""


def floats(step: object, frame: Frame, *, reset: bool) -> Floats:
    """Return ``frame`` as float64 of shape (n, k); with ``reset``, note names and number of columns on ``step``."""
    array: Floats = validate_data(
        step, frame, reset=reset, dtype=np.float64, ensure_all_finite="allow-nan", ensure_min_samples=1
    )
    return array


def moments(step: object, frame: Frame, *, reset: bool) -> NDArray[np.datetime64]:
    """Return ``frame`` as datetime64[us] of shape (n, k), NaT where one is missing."""
    validate_data(step, frame, reset=reset, skip_check_array=True)
    array = np.asarray(frame)
    return (array.reshape(-1, 1) if array.ndim == 1 else array).astype("datetime64[us]")


def names_of(step: object, given: object) -> list[str]:
    """Return the names of the columns ``step`` was fitted on: as given, as met, or x0, x1, ..."""
    if given is not None:
        return [str(name) for name in given]  # type: ignore[attr-defined]
    met = getattr(step, "feature_names_in_", None)
    count: int = step.n_features_in_  # type: ignore[attr-defined]
    return [str(name) for name in met] if met is not None else [f"x{index}" for index in range(count)]
