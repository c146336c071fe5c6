"""Every algorithm that Carafe trains, on columns of every kind: lowered, it answers as the trained pipeline."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from carafe.models.container import CARAFE
from carafe.schema import Rows, Task
from carafe.training.algorithms.catalogue import ALGORITHMS
from carafe.training.recipe import Data, ModelChoice, Parameter, Recipe, Split
from carafe.training.run import train
from conftest import need
from lowered_models import as_published, assert_same

_TASKS = {
    "number": Task.REGRESSION,
    "two strings": Task.CLASSIFICATION,
    "three ints": Task.CLASSIFICATION,
    "bool": Task.CLASSIFICATION,
}
_SMALL: dict[str, dict[str, Parameter]] = {
    "forest": {"n_estimators": 20},
    "extra-trees": {"n_estimators": 20},
    "boosting": {"max_iter": 20},
    "lightgbm": {"n_estimators": 20, "min_child_samples": 5},
    "mlp": {"hidden_layer_sizes": [8, 4], "max_iter": 30},
}
_NOT_LOWERED = {"knn"}
SERVED = [
    (name, kind)
    for name, found in ALGORITHMS.items()
    for kind, task in _TASKS.items()
    if found.variant(task) is not None and name not in _NOT_LOWERED
]


def table(rows: int = 160, seed: int = 3) -> pl.DataFrame:
    """Return columns of every kind but text, gaps in most of them, and one target of each kind."""
    draw = np.random.default_rng(seed)
    area = draw.gamma(4.0, 20.0, rows).round(1)
    rooms = (area // 25 + 1).astype(int)
    city = draw.choice(["Bonn", "Kiel", "Ulm", "Aachen"], rows)
    score = area / 40 + (city == "Bonn") + draw.normal(0, 0.3, rows)
    gaps = draw.random((rows, 4)) < 0.1
    days = np.datetime64("2020-01-01") + draw.integers(0, 900, rows).astype("timedelta64[D]")
    return pl.DataFrame(
        {
            "area": _with_gaps(area, gaps[:, 0]),
            "rooms": rooms,
            "city": _with_gaps(city, gaps[:, 1]),
            "balcony": draw.random(rows) < 0.5,
            "built": pl.Series(_with_gaps(days.astype("datetime64[us]"), gaps[:, 2]), dtype=pl.Datetime("us")),
            "number": score.round(3),
            "two strings": np.where(score > 2.5, "yes", "no"),
            "three ints": np.array([7, 3, 5])[np.digitize(score, [1.8, 2.8])],
            "bool": score > 2.2,
        }
    )


def _with_gaps(values: NDArray[Any], gaps: NDArray[np.bool_]) -> list[Any]:
    return [None if gap else value for value, gap in zip(values.tolist(), gaps, strict=True)]


def _trained(name: str, kind: str) -> Any:
    columns = table().drop([target for target in _TASKS if target != kind])
    choice = ModelChoice(algorithm=name, params=_SMALL.get(name, {}))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # none of these few steps of learning has converged
        return train(columns, recipe=Recipe(data=Data(target=kind, source="t.csv"), split=Split(seed=4), model=choice))


@pytest.mark.parametrize(("name", "kind"), SERVED)
def test_an_algorithm_that_carafe_trains_is_lowered_and_answers_as_trained(name: str, kind: str) -> None:
    if name == "lightgbm":
        need("libgomp1")
    result = _trained(name, kind)

    lowered, native = as_published(result.estimator, result.signature, CARAFE)

    rows = result.holdout.data.rows
    assert_same(lowered, native, rows)
    assert_same(lowered, native, _odd(rows))
    if name == "baseline":  # no column is prepared for it, and not all are numbers
        return
    features = lowered.transform(rows)
    expected = native.transform(rows)
    assert features.names == expected.names
    np.testing.assert_allclose(features.matrix, expected.matrix, rtol=1e-12, atol=1e-12)


def _odd(rows: Rows) -> Rows:
    """Return the rows with what was never met in them: unknown categories, gaps, numbers far away."""
    columns = [column.copy() for column in rows.columns]
    for column in columns:
        if column.dtype == object:
            column[::3] = "Elsewhere"
            column[1::5] = None
            column[2::7] = ""
        elif column.dtype == np.float64 and np.isnan(column).any():
            column[::4] = np.nan
            column[1::6] = -1e6
    return Rows(tuple(columns))
