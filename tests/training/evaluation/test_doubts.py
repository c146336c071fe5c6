from __future__ import annotations

import pytest

from carafe.models.manifest import Metric
from carafe.training.evaluation.doubts import doubts


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (2.0, ()),
        (4.0, ("worse than the baseline on the held-out rows: rmse 4, the baseline's is 3",)),
        (3.0, ("no better than the baseline on the held-out rows: rmse 3, the baseline's is 3",)),
    ],
)
def test_a_model_that_does_not_beat_the_baseline_is_warned_of(value: float, expected: tuple[str, ...]) -> None:
    metrics = (Metric(name="rmse", value=value, baseline=3.0), Metric(name="mae", value=9.0, baseline=1.0))
    assert doubts(metrics, held=100, baseline=False) == expected


def test_the_baseline_is_not_measured_against_itself() -> None:
    assert doubts((Metric(name="rmse", value=3.0, baseline=3.0),), held=100, baseline=True) == ()


@pytest.mark.parametrize(
    ("held", "expected"),
    [(1, ("1 held-out row says little",)), (29, ("29 held-out rows say little",)), (30, ())],
)
def test_few_held_out_rows_say_little(held: int, expected: tuple[str, ...]) -> None:
    assert doubts((), held=held, baseline=False) == expected
