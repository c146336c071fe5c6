"""What the figures on the held-out rows do not show: too few rows, or a model that knows no more than its baseline."""

from __future__ import annotations

from collections.abc import Sequence

from carafe.models.manifest import Metric

FEW_HELD = 30
"""On fewer held-out rows than these a single row moves every figure."""


def doubts(metrics: Sequence[Metric], *, held: int, baseline: bool) -> tuple[str, ...]:
    """Return the warnings that belong to figures on ``held`` rows; the main metric comes first, and smaller is better.

    ``baseline`` tells that the model is the baseline itself, which can't be better than itself.
    """
    found = []
    main = metrics[0] if metrics else None
    if main is not None and main.baseline is not None and main.value >= main.baseline and not baseline:
        how = "worse than" if main.value > main.baseline else "no better than"
        figures = f"{main.name} {main.value:.4g}, the baseline's is {main.baseline:.4g}"
        found.append(f"{how} the baseline on the held-out rows: {figures}")
    if held < FEW_HELD:
        found.append("1 held-out row says little" if held == 1 else f"{held} held-out rows say little")
    return tuple(found)
