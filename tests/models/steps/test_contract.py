"""What every one of Carafe's own steps keeps to, so that it can stand anywhere in a scikit-learn pipeline."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from carafe.models.steps import (
    Bin,
    Clip,
    DateParts,
    Elapsed,
    MissingValues,
    OutlierFlag,
    Product,
    Ratio,
    ReplaceOutliers,
    ShortNames,
    Sum,
    Words,
)

NAN = float("nan")
NUMBERS = pl.DataFrame({"a": [1.0, 2.0, NAN, 4.0, 90.0], "b": [5.0, 0.0, 7.0, NAN, 8.0]})
MOMENTS = pl.DataFrame(
    {
        "start": [datetime(2024, 2, 29, 13, 5), None, datetime(1969, 12, 31, 23, 59)],  # noqa: DTZ001 - as tables hold them
        "end": [datetime(2024, 3, 1), datetime(2024, 3, 1), datetime(1970, 1, 1)],  # noqa: DTZ001 - as tables hold them
    },
    schema={"start": pl.Datetime("us"), "end": pl.Datetime("us")},
)
TEXTS = pl.DataFrame({"note": ["a quiet house", None, "a quiet garden"]}, schema={"note": pl.String})

CASES: list[tuple[Callable[[], Any], pl.DataFrame]] = [
    (lambda: Clip(method="iqr", factor=1.5), NUMBERS),
    (lambda: Clip(method="isolation-forest", factor=0.2, seed=1), NUMBERS),
    (lambda: ReplaceOutliers(method="z-score", factor=1.0), NUMBERS),
    (lambda: OutlierFlag(method="iqr"), NUMBERS),
    (lambda: Bin(edges=[0, 3, 100], labels=["few", "many"]), NUMBERS),
    (lambda: Bin(quantiles=3), NUMBERS),
    (lambda: Bin(quantiles=2, codes=True), NUMBERS),
    (lambda: Ratio(name="a_per_b"), NUMBERS),
    (lambda: Product(name="area"), NUMBERS),
    (lambda: Sum(name="total"), NUMBERS),
    (lambda: MissingValues(values={"b": [0]}), NUMBERS),
    (ShortNames, NUMBERS),
    (lambda: DateParts(parts=["year", "hour"]), MOMENTS),
    (lambda: Elapsed(name="stay", unit="hours"), MOMENTS),
    (lambda: Words(minimum_rows=1), TEXTS),
]

each_step = pytest.mark.parametrize(
    ("make", "frame"), CASES, ids=[f"{index}-{type(make()).__name__}" for index, (make, _) in enumerate(CASES)]
)


def plain(matrix: Any) -> list[tuple[Any, ...]]:
    if hasattr(matrix, "toarray"):
        matrix = matrix.toarray()
    rows = matrix.rows() if isinstance(matrix, pl.DataFrame) else [tuple(row) for row in matrix]
    return [tuple(None if value != value else value for value in row) for row in rows]  # noqa: PLR0124 - NaN


@each_step
def test_a_step_refuses_to_work_before_it_is_fitted(make: Callable[[], Any], frame: pl.DataFrame) -> None:
    with pytest.raises(NotFittedError, match="not fitted yet"):
        make().transform(frame)


@each_step
def test_a_clone_has_the_same_parameters_and_learns_the_same(make: Callable[[], Any], frame: pl.DataFrame) -> None:
    step = make().fit(frame)
    copy = clone(step)
    assert copy.get_params() == step.get_params()
    assert plain(copy.fit_transform(frame)) == plain(step.transform(frame))


@each_step
def test_parameters_are_plain_values_that_set_params_takes_back(make: Callable[[], Any], frame: pl.DataFrame) -> None:
    params = make().get_params()
    assert json.loads(json.dumps(params)) == params
    assert plain(type(make())().set_params(**params).fit_transform(frame)) == plain(make().fit_transform(frame))


@each_step
def test_each_feature_has_a_name_of_its_own(make: Callable[[], Any], frame: pl.DataFrame) -> None:
    step = make().fit(frame)
    names = list(step.get_feature_names_out())
    assert len(set(names)) == len(names) == step.transform(frame).shape[1]
    assert all(isinstance(name, str) for name in names)


@each_step
def test_fitting_leaves_the_parameters_and_the_frame_alone(make: Callable[[], Any], frame: pl.DataFrame) -> None:
    step, before = make(), frame.clone()
    params = step.get_params()
    step.fit_transform(frame)
    assert step.get_params() == params
    assert frame.equals(before, null_equal=True)


@each_step
def test_one_row_gives_what_it_gave_among_the_others(make: Callable[[], Any], frame: pl.DataFrame) -> None:
    step = make().fit(frame)
    alone = [plain(step.transform(frame.slice(index, 1)))[0] for index in range(frame.height)]
    assert alone == plain(step.transform(frame))


@each_step
def test_a_step_knows_the_columns_it_was_fitted_on(make: Callable[[], Any], frame: pl.DataFrame) -> None:
    step = make().fit(frame)
    assert step.n_features_in_ == frame.width
    assert list(step.feature_names_in_) == frame.columns
    with pytest.raises(ValueError, match="feature names should match"):
        step.transform(frame.rename({frame.columns[0]: "other"}))


def test_steps_of_numbers_take_arrays_too() -> None:
    array = np.array([[1.0, 5.0], [2.0, 4.0]])
    assert plain(Ratio(name="r").fit_transform(array)) == [(0.2,), (0.5,)]
    assert list(OutlierFlag().fit(array).get_feature_names_out()) == ["x0_outlier", "x1_outlier"]
