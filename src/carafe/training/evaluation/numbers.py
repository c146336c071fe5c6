"""Metrics of a regression.

With y the truth, p the prediction, m the mean of y, all over the held-out rows:

===== ================================ =====================================================
mse   mean (y - p)²                    in the square of the target's unit
rmse  √mse                             in the target's unit; large errors weigh more
mae   mean abs(y - p)                 in the target's unit
r2    1 - Σ (y - p)² / Σ (y - m)²      1 is perfect, 0 is as good as the mean, below is worse
mape  mean abs(y - p) / abs(y)         a share; left out where some y is 0
===== ================================ =====================================================

Source: James, Witten, Hastie and Tibshirani, "An Introduction to Statistical Learning", chapters 2 and 3.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import mean_absolute_error, mean_absolute_percentage_error, mean_squared_error, r2_score

from carafe.models.scores import root_mean_squared_error


def number_metrics(
    expected: NDArray[np.float64], predicted: NDArray[np.float64]
) -> tuple[dict[str, float], tuple[str, ...]]:
    """Return the metrics by name, and a note for each that these rows do not define."""
    notes = []
    metrics = {
        "r2": float("nan"),
        "rmse": root_mean_squared_error(expected, predicted),
        "mae": float(mean_absolute_error(expected, predicted)),
        "mse": float(mean_squared_error(expected, predicted)),
    }
    if len(expected) > 1 and np.ptp(expected) > 0:
        metrics["r2"] = float(r2_score(expected, predicted))
    else:
        del metrics["r2"]
        notes.append("R² is left out: the held-out targets are all the same")
    if np.all(expected != 0):
        metrics["mape"] = float(mean_absolute_percentage_error(expected, predicted))
    else:
        notes.append("MAPE is left out: some held-out targets are 0")
    return metrics, tuple(notes)
