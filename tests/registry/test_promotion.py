from __future__ import annotations

import pytest

from carafe.registry.promotion import smaller_is_better


@pytest.mark.parametrize("metric", ["rmse", "RMSE", "mse", "mae", "mape", "log_loss", "log loss", "Log-loss"])
def test_an_error_is_better_when_smaller(metric: str) -> None:
    assert smaller_is_better(metric)


@pytest.mark.parametrize(
    "metric", ["r2", "R²", "accuracy", "balanced_accuracy", "roc_auc", "f1", "precision", "recall"]
)
def test_a_score_is_better_when_larger(metric: str) -> None:
    assert not smaller_is_better(metric)
