"""Trees, forests and boosting: no scaling, interactions for free."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from carafe.errors import MissingExtra
from carafe.training.algorithms.algorithm import CORES_ROWS, Algorithm, Setting, Variant, always
from carafe.training.features.parts import Family
from carafe.training.recipe import Parameter

MANY_ROWS = 5_000
"""From so many rows on boosting grows more and larger trees."""

ROWS_PER_LEAF = 5_000
"""The leaves of a forest's trees hold one more row for every so many: its file must not grow with the table."""

_TREES = always(Family.TREES)
_BOOSTING = always(Family.BOOSTING)


def small_boosting(_setting: Setting) -> dict[str, Parameter]:
    """Return the parameters of LightGBM that suit few rows, or rows that are hard to tell apart."""
    return {**_LIGHTGBM, "n_estimators": 200, "num_leaves": 7}


def large_boosting(_setting: Setting) -> dict[str, Parameter]:
    """Return the parameters of LightGBM that suit many rows with much to learn from."""
    return {**_LIGHTGBM, "n_estimators": 600, "num_leaves": 31}


_LIGHTGBM: dict[str, Parameter] = {
    "learning_rate": 0.05,
    "colsample_bytree": 0.7,
    "subsample": 0.8,
    "subsample_freq": 1,
    "reg_lambda": 5.0,
}

_REPEATABLE = {"deterministic": True, "force_col_wise": True, "verbose": -1}
"""LightGBM adds up in another order on another number of cores, unless it is told not to."""


def lightgbm_missing() -> str | None:
    """Return why LightGBM can't be used on this machine, or None where it can."""
    try:
        import_module("lightgbm")
    except ModuleNotFoundError:
        return "lightgbm is not installed: pip install 'carafe-serve[train]', or choose 'boosting'"
    except OSError as error:
        return f"lightgbm can't be loaded ({error}): install the system package libgomp1, or choose 'boosting'"
    return None


def _lightgbm(name: str) -> Any:  # noqa: ANN401 - an estimator's class
    missing = lightgbm_missing()
    if missing is not None:
        raise MissingExtra(missing)
    return getattr(import_module("lightgbm"), name)


def _lightgbm_kind(name: str) -> Any:  # noqa: ANN401 - a choice of an estimator's class
    return lambda _params, _setting: _lightgbm(name)


def _boosting_defaults(setting: Setting) -> dict[str, Parameter]:
    many = setting.rows >= MANY_ROWS
    leaves = {"max_iter": 300, "max_leaf_nodes": 31} if many else {"max_iter": 200, "max_leaf_nodes": 7}
    return {"learning_rate": 0.05, "early_stopping": False, "l2_regularization": 5.0, **leaves}


def _lightgbm_defaults(setting: Setting) -> dict[str, Parameter]:
    return large_boosting(setting) if setting.rows >= MANY_ROWS else small_boosting(setting)


def _leaf(setting: Setting, least: int) -> int:
    return least + setting.rows // ROWS_PER_LEAF


def _forest_classes(setting: Setting) -> dict[str, Parameter]:
    return {"n_estimators": 300, "min_samples_leaf": _leaf(setting, 2)}


def _forest_numbers(setting: Setting) -> dict[str, Parameter]:
    return {"n_estimators": 200, "min_samples_leaf": _leaf(setting, 1), "max_features": 0.5}


TREE = Algorithm(
    name="tree",
    classification=Variant(
        kind=always(DecisionTreeClassifier),
        family=_TREES,
        defaults=always({"criterion": "gini", "max_depth": 8, "min_samples_leaf": 5}),
    ),
    regression=Variant(
        kind=always(DecisionTreeRegressor), family=_TREES, defaults=always({"max_depth": 8, "min_samples_leaf": 5})
    ),
)
"""One decision tree; ``criterion`` is "gini", "entropy" or "log_loss" for classes."""

FOREST = Algorithm(
    name="forest",
    classification=Variant(
        kind=always(RandomForestClassifier), family=_TREES, defaults=_forest_classes, parallel_from=2_000
    ),
    regression=Variant(
        kind=always(RandomForestRegressor), family=_TREES, defaults=_forest_numbers, parallel_from=2_000
    ),
)
"""A random forest: trees on samples of rows and columns, averaged."""

EXTRA_TREES = Algorithm(
    name="extra-trees",
    classification=Variant(
        kind=always(ExtraTreesClassifier), family=_TREES, defaults=_forest_classes, parallel_from=2_000
    ),
    regression=Variant(kind=always(ExtraTreesRegressor), family=_TREES, defaults=_forest_numbers, parallel_from=2_000),
)
"""A forest whose thresholds are drawn at random: smoother, and cheaper to fit."""

BOOSTING = Algorithm(
    name="boosting",
    classification=Variant(kind=always(HistGradientBoostingClassifier), family=_BOOSTING, defaults=_boosting_defaults),
    regression=Variant(kind=always(HistGradientBoostingRegressor), family=_BOOSTING, defaults=_boosting_defaults),
)
"""Histogram gradient boosting, scikit-learn's."""

LIGHTGBM = Algorithm(
    name="lightgbm",
    classification=Variant(
        kind=_lightgbm_kind("LGBMClassifier"),
        family=_BOOSTING,
        defaults=_lightgbm_defaults,
        parallel_from=CORES_ROWS,
        fixed=_REPEATABLE,
    ),
    regression=Variant(
        kind=_lightgbm_kind("LGBMRegressor"),
        family=_BOOSTING,
        defaults=_lightgbm_defaults,
        parallel_from=CORES_ROWS,
        fixed=_REPEATABLE,
    ),
)
"""Histogram gradient boosting, LightGBM's; made to give the same trees on any number of cores."""
