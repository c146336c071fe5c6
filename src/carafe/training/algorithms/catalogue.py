"""Algorithms by name: what each is called, which tasks it serves, and the estimator that it becomes.

An algorithm's parameters are those of its scikit-learn (or LightGBM) class. Carafe's own defaults, which may depend on
the table, are written into the recipe of the run, so that it can be run again; parameters named there pass through.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from carafe.errors import InvalidRecipe
from carafe.schema import Task
from carafe.training.algorithms.algorithm import Algorithm, Setting, Variant
from carafe.training.algorithms.linear import BAYES, ELASTIC_NET, LASSO, LINEAR, LOGISTIC, RIDGE
from carafe.training.algorithms.other import BASELINE, KNN, MLP, SVM
from carafe.training.algorithms.trees import BOOSTING, EXTRA_TREES, FOREST, LIGHTGBM, TREE
from carafe.training.features.parts import Family
from carafe.training.recipe import ModelChoice, Parameter

ALGORITHMS: Mapping[str, Algorithm] = {
    algorithm.name: algorithm
    for algorithm in (
        *(LINEAR, RIDGE, LASSO, ELASTIC_NET, LOGISTIC),
        *(TREE, FOREST, EXTRA_TREES, BOOSTING, LIGHTGBM),
        *(SVM, MLP, KNN, BAYES, BASELINE),
    )
}
"""Every algorithm by its name."""

AUTO = "auto"
"""The name that asks for a comparison of several algorithms."""

NAMES = (AUTO, *ALGORITHMS)
"""What a recipe may name as its algorithm."""


def find_algorithm(name: str, task: Task) -> Algorithm:
    """Return the algorithm of that name.

    Raises:
        InvalidRecipe: when there is none, or it does not serve the task; says which does.
    """
    algorithm = ALGORITHMS.get(name)
    if algorithm is None:
        near = difflib.get_close_matches(name, NAMES, n=1)
        meant = f"; did you mean {near[0]!r}?" if near else ""
        raise InvalidRecipe(f"model.algorithm: got {name!r}, expected one of {', '.join(NAMES)}{meant}")
    if algorithm.variant(task) is None:
        raise InvalidRecipe(
            f"model.algorithm: {name!r} does not serve a {task}; use {algorithm.instead!r}, "
            f"or {AUTO!r} to compare several"
        )
    return algorithm


def check_model(model: ModelChoice, task: Task) -> None:
    """Check, before anything is computed, that the recipe's choice of a model can be obeyed.

    Raises:
        InvalidRecipe: when there is no such algorithm, it does not serve the task, or parameters are named for auto.
    """
    if model.algorithm != AUTO:
        find_algorithm(model.algorithm, task)
    elif model.params:
        raise InvalidRecipe(
            f"model.params: got {', '.join(model.params)} with algorithm = {AUTO!r}; name the algorithm they are for"
        )


def resolve_parameters(name: str, params: Mapping[str, Parameter], setting: Setting) -> dict[str, Parameter]:
    """Return the parameters an algorithm runs with: Carafe's defaults for this table, and over them ``params``.

    Raises:
        InvalidRecipe: when the algorithm has no such parameter.
    """
    variant = _variant(name, setting)
    known = variant.parameters(params, setting)
    unknown = sorted(set(params) - known)
    if unknown:
        near = difflib.get_close_matches(unknown[0], known, n=1)
        meant = f"did you mean {near[0]!r}? " if near else ""
        raise InvalidRecipe(
            f"model.params: {name} has no parameter {unknown[0]!r}; {meant}it takes {', '.join(sorted(known))}"
        )
    return {**variant.defaults(setting), **params}


def build_estimator(name: str, params: Mapping[str, Parameter], setting: Setting) -> Any:  # noqa: ANN401 - scikit-learn ships no types
    """Return the unfitted estimator of an algorithm with resolved parameters.

    Raises:
        MissingExtra: when the library that it needs can't be loaded.
    """
    return _variant(name, setting).build(params, setting)


def family_of(name: str, setting: Setting) -> Family:
    """Return the family that says which features an algorithm wants."""
    return _variant(name, setting).family(setting)


def _variant(name: str, setting: Setting) -> Variant:
    variant = find_algorithm(name, setting.task).variant(setting.task)
    if variant is None:  # find_algorithm has refused it
        raise AssertionError(name)
    return variant
