from __future__ import annotations

import math

import polars as pl

from carafe.models.steps import MissingValues

FRAME = pl.DataFrame({"pressure": [0.0, 80.0, float("nan")], "zone": ["unknown", "0", None], "other": [0.0, 0.0, 0.0]})


def test_values_that_stand_for_a_missing_one_become_missing() -> None:
    step = MissingValues(values={"pressure": [0], "zone": ["unknown"]})
    cleared = step.fit_transform(FRAME)
    assert [math.isnan(value) for value in cleared["pressure"]] == [True, False, True]
    assert cleared["zone"].to_list() == [None, "0", None]
    assert cleared["other"].to_list() == [0.0, 0.0, 0.0]
    assert cleared.schema == FRAME.schema


def test_a_number_matches_the_string_that_spells_it() -> None:
    assert MissingValues(values={"zone": [0.0]}).fit_transform(FRAME)["zone"].to_list() == ["unknown", None, None]


def test_without_values_the_frame_is_the_same() -> None:
    assert MissingValues().fit_transform(FRAME).equals(FRAME, null_equal=True)
