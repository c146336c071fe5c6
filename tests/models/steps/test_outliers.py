from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carafe.models.steps import Clip, OutlierFlag, ReplaceOutliers
from carafe.models.steps.bounds import learn_bounds

NAN = float("nan")
# Quartiles 2 and 4, so the fences of 1.5 interquartile ranges are -1 and 7.
FRAME = pl.DataFrame({"age": [1.0, 2.0, 3.0, 4.0, 100.0]})


def test_tukeys_fences_are_the_quartiles_widened_by_their_distance() -> None:
    low, high = learn_bounds(FRAME.to_numpy(), method="iqr", factor=None, seed=0)
    assert (low.tolist(), high.tolist()) == ([-1.0], [7.0])


def test_z_score_bounds_are_the_mean_widened_by_deviations() -> None:
    low, high = learn_bounds(np.array([[0.0], [2.0], [4.0]]), method="z-score", factor=2, seed=0)
    deviation = math.sqrt(8 / 3)
    assert low[0] == pytest.approx(2 - 2 * deviation)
    assert high[0] == pytest.approx(2 + 2 * deviation)


def test_an_isolation_forest_bounds_what_it_does_not_isolate() -> None:
    values = np.append(np.linspace(0, 1, 99), 1000.0).reshape(-1, 1)
    low, high = learn_bounds(values, method="isolation-forest", factor=0.01, seed=0)
    assert low[0] == 0.0
    assert high[0] == 1.0


def test_a_column_without_values_is_unbounded() -> None:
    low, high = learn_bounds(np.array([[NAN], [NAN]]), method="iqr", factor=None, seed=0)
    assert (low[0], high[0]) == (-math.inf, math.inf)


def test_an_unknown_method_is_named() -> None:
    with pytest.raises(ValueError, match="'median' is not a valid OutlierMethod"):
        Clip(method="median").fit(FRAME)


def test_clipping_moves_an_outlier_to_the_nearer_bound() -> None:
    clip = Clip().fit(FRAME)
    assert clip.transform(pl.DataFrame({"age": [-50.0, 3.5, 200.0]})).ravel().tolist() == [-1.0, 3.5, 7.0]


def test_replacing_puts_the_median_of_the_others_in_an_outliers_place() -> None:
    step = ReplaceOutliers().fit(FRAME)
    assert step.median_.tolist() == [2.5]
    assert step.transform(FRAME).ravel().tolist() == [1.0, 2.0, 3.0, 4.0, 2.5]


def test_flags_mark_outliers_and_are_named_after_their_column() -> None:
    step = OutlierFlag().fit(FRAME)
    assert step.transform(FRAME).ravel().tolist() == [0.0, 0.0, 0.0, 0.0, 1.0]
    assert step.get_feature_names_out().tolist() == ["age_outlier"]


@pytest.mark.parametrize("step", [Clip(), ReplaceOutliers()])
def test_a_missing_value_stays_missing(step: Clip | ReplaceOutliers) -> None:
    step.fit(FRAME)
    assert np.isnan(step.transform(pl.DataFrame({"age": [NAN]}))).all()


def test_a_missing_value_is_no_outlier() -> None:
    assert OutlierFlag().fit(FRAME).transform(pl.DataFrame({"age": [NAN]})).tolist() == [[0.0]]


def test_replacing_in_a_column_without_values_keeps_it_missing() -> None:
    empty = pl.DataFrame({"age": [NAN, NAN]})
    assert np.isnan(ReplaceOutliers().fit(empty).transform(empty)).all()


@given(st.lists(st.floats(-1e6, 1e6), min_size=1), st.floats(allow_nan=False, allow_infinity=False))
def test_what_is_clipped_lies_within_the_bounds_and_is_no_outlier_any_more(known: list[float], new: float) -> None:
    frame = pl.DataFrame({"x": known})
    clip = Clip().fit(frame)
    clipped = clip.transform(pl.DataFrame({"x": [new]}))
    assert clip.lower_[0] <= clipped[0, 0] <= clip.upper_[0]
    assert OutlierFlag().fit(frame).transform(pl.DataFrame({"x": clipped.ravel()})).tolist() == [[0.0]]
