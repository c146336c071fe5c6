"""LightGBM lowered: every objective and boosting with a kernel, zeros, missing values and categories as it has them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from carafe.models.container import ColumnType, Container, Shape
from carafe.models.lowering.refusal import NotLowered
from carafe.schema import Column, Kind, Rows, Signature, Target, Task
from lowered_cases import odd_rows, table, target
from lowered_models import as_published, assert_same, lowered_and_native

pytestmark = pytest.mark.needs("libgomp1")

_SMALL = {"n_estimators": 12, "verbose": -1, "min_child_samples": 5, "min_data_per_group": 5, "cat_smooth": 1.0}
_DRAWN = {"boosting_type": "rf", "bagging_freq": 1, "bagging_fraction": 0.5}
_ODD = (np.nan, np.inf, -np.inf, 1e300, -1e300)
_CATEGORIES = [2, 3]

_REGRESSIONS: dict[str, dict[str, Any]] = {
    "squares": {},
    "roots": {"reg_sqrt": True},
    "counts": {"objective": "poisson"},
    "gamma": {"objective": "gamma"},
    "tweedie": {"objective": "tweedie"},
    "quantile": {"objective": "quantile", "alpha": 0.2},
    "absolute": {"objective": "regression_l1"},
    "huber": {"objective": "huber"},
    "dart": {"boosting_type": "dart"},
    "forest": _DRAWN,
    "forest of counts": {"objective": "poisson", **_DRAWN},
    "no missing values": {"use_missing": False},
}
_CLASSIFICATIONS: dict[str, tuple[dict[str, Any], int]] = {
    "two": ({}, 2),
    "two, steep": ({"sigmoid": 2.5}, 2),
    "two as several": ({"objective": "multiclass", "num_class": 2}, 2),
    "three": ({}, 3),
    "three, one against all": ({"objective": "multiclassova"}, 3),
    "forest of two": (_DRAWN, 2),
    "forest of three": (_DRAWN, 3),
}


@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
@pytest.mark.parametrize("categorical", [[], _CATEGORIES], ids=["numbers", "categories"])
@pytest.mark.parametrize("name", _REGRESSIONS)
def test_a_regression_is_computed_as_lightgbm_does(name: str, categorical: list[int], lightgbm: Any) -> None:
    matrix = table(300, gaps=True)
    estimator = lightgbm.LGBMRegressor(**_SMALL, **_REGRESSIONS[name])
    estimator.fit(matrix, np.abs(target(matrix)) + 0.1, categorical_feature=categorical)

    lowered, native = lowered_and_native(estimator, matrix, nullable=True)

    assert_same(lowered, native, Rows(tuple(odd_rows(matrix, *_ODD).T)))


@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
@pytest.mark.parametrize("name", ["cross_entropy", "cross_entropy_lambda"])
def test_a_share_is_computed_as_lightgbm_does(name: str, lightgbm: Any) -> None:
    matrix = table(300, gaps=True)
    shares = 1.0 / (1.0 + np.exp(-target(matrix)))
    estimator = lightgbm.LGBMRegressor(**_SMALL, objective=name).fit(matrix, shares)

    lowered, native = lowered_and_native(estimator, matrix, nullable=True)

    assert_same(lowered, native, Rows(tuple(odd_rows(matrix, *_ODD).T)))


@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
@pytest.mark.parametrize("name", _CLASSIFICATIONS)
def test_a_classification_is_computed_as_lightgbm_does(name: str, lightgbm: Any) -> None:
    matrix = table(300, gaps=True)
    params, classes = _CLASSIFICATIONS[name]
    labels = np.array(["low", "high", "none"])[np.digitize(target(matrix), [1.0, 2.5][: classes - 1])]
    estimator = lightgbm.LGBMClassifier(**_SMALL, **params).fit(matrix, labels, categorical_feature=_CATEGORIES)

    lowered, native = lowered_and_native(estimator, matrix, nullable=True)

    assert_same(lowered, native, Rows(tuple(odd_rows(matrix, *_ODD).T)))


@pytest.mark.parametrize(
    ("params", "reason"),
    [
        ({"zero_as_missing": True}, "sends zeros another way"),
        ({"linear_tree": True}, "linear trees have no kernel"),
        ({"objective": lambda y, p: (p - y, np.ones_like(y))}, "objective 'custom' has no kernel"),
    ],
    ids=["zeros", "lines", "an objective of one's own"],
)
def test_what_has_no_exact_kernel_is_not_lowered(params: dict[str, Any], reason: str, lightgbm: Any) -> None:
    matrix = table(300)
    estimator = lightgbm.LGBMRegressor(**_SMALL, **params).fit(matrix, target(matrix))

    with pytest.raises(NotLowered, match=reason):
        lowered_and_native(estimator, matrix)


def test_a_frame_of_categories_is_numbered_as_it_was_when_fitted(lightgbm: Any) -> None:
    draw = np.random.default_rng(2)
    cities = pd.Categorical(draw.choice(["Bonn", "Kiel", "Ulm"], 200), categories=["Ulm", "Bonn", "Kiel", "Aachen"])
    frame = pd.DataFrame({"city": cities, "area": draw.normal(size=200).round(1)})
    estimator = lightgbm.LGBMRegressor(**_SMALL).fit(frame, frame["area"] + 3.0 * (frame["city"] == "Kiel"))
    columns = (
        Column(name="city", kind=Kind.CATEGORY, nullable=True, categories=("Ulm", "Bonn", "Kiel")),
        Column(name="area", kind=Kind.NUMBER, nullable=True),
    )
    signature = Signature(columns=columns, target=Target(name="y", task=Task.REGRESSION))
    types = (ColumnType(dtype="category", categories=("Ulm", "Bonn", "Kiel", "Aachen")), ColumnType(dtype="float64"))

    lowered, native = as_published(estimator, signature, Container(shape=Shape.PANDAS, columns=types))

    met = np.array(["Ulm", "Bonn", "Kiel", "Aachen", "Rome", None] * 10, dtype=object)
    assert_same(lowered, native, Rows((met, np.linspace(-2, 2, 60))))
    other = Container(shape=Shape.PANDAS, columns=(ColumnType(dtype="category", categories=("Bonn", "Ulm")), types[1]))
    with pytest.raises(NotLowered, match="numbers its categories otherwise"):
        as_published(estimator, signature, other)
