"""What a model sees."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MAX_CELLS = 50_000_000
"""The most numbers that ``transform`` answers with, 400 MB: a text vectoriser's sparse table can be far wider."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Features:
    """What the last step of a model sees after preprocessing: float64 of shape (n, k), one name a column."""

    names: tuple[str, ...]
    matrix: NDArray[np.float64]
