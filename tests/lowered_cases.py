"""Tables and odd rows that estimators are fitted to and asked about, to be lowered."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

LARGE = (0.0, -0.0, 5e-324, 1e-36, -1e-36, 1e-35, 1e-30, 0.5, -0.5, 1.5, 39.0, 64.0, 1e9, 3e9, -1.0, 1e30, -1e37)
"""Numbers that every estimator takes and hardly any table holds."""


def table(rows: int = 200, *, gaps: bool = False, seed: int = 0) -> Matrix:
    """Return two numbers with few digits, so that many are equal, 40 categories and 3; with gaps in the first."""
    draw = np.random.default_rng(seed)
    matrix = np.column_stack(
        [draw.normal(size=(rows, 2)).round(1), draw.integers(0, 40, rows), draw.integers(0, 3, rows)]
    ).astype(np.float64)
    if gaps:
        matrix[::7, 0] = np.nan
    return matrix


def target(matrix: Matrix) -> Matrix:
    """Return a number that follows every column."""
    filled = np.nan_to_num(matrix)
    odd = np.isin(filled[:, 2], [1, 5, 9, 17, 33, 20, 21])
    number: Matrix = filled[:, 0] ** 2 + filled[:, 1] + 2.0 * odd + filled[:, 3]
    return number


def odd_rows(matrix: Matrix, *also: float, rows: int = 200) -> Matrix:
    """Return rows of the table, and behind them rows of what it never held, and of ``also``."""
    odd = np.random.default_rng(1).choice([*LARGE, *also], size=(rows, matrix.shape[1]))
    return np.vstack([matrix[:50], odd])
