"""What a model answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prediction:
    """One answer a row.

    ``values``: for regression the numbers, float64 of shape (n,), in the unit of the training target; for
    classification intp of shape (n,), indices into ``signature.target.classes``.
    ``probabilities``: float64 of shape (n, classes), in the order of those classes; None where it was not asked for.
    """

    values: NDArray[np.float64] | NDArray[np.intp]
    probabilities: NDArray[np.float64] | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Features:
    """What the last step of a model sees after preprocessing: float64 of shape (n, k), one name a column."""

    names: tuple[str, ...]
    matrix: NDArray[np.float64]
