"""What a model sees."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Features:
    """What the last step of a model sees after preprocessing: float64 of shape (n, k), one name a column."""

    names: tuple[str, ...]
    matrix: NDArray[np.float64]
