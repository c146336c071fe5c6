"""Linear models, and naive Bayes: cheap, and the first to be tried."""

from __future__ import annotations

from typing import Any

from sklearn.linear_model import (
    ElasticNet,
    ElasticNetCV,
    Lasso,
    LassoCV,
    LinearRegression,
    LogisticRegression,
    Ridge,
)
from sklearn.naive_bayes import GaussianNB, MultinomialNB

from carafe.training.algorithms.algorithm import Algorithm, Parameters, Setting, Variant, always, scaled_target
from carafe.training.features.parts import Family
from carafe.training.recipe import Parameter

_LINEAR = always(Family.LINEAR)


def _penalised(fixed: Any, searching: Any) -> Any:  # noqa: ANN401 - estimators' classes
    """Choose the class that takes the penalty ``alpha`` where one is named, and else the one that searches for it.

    The search is a cross-validation over penalties for a target of deviation 1, the unit of ``alpha`` in both.
    """
    return lambda params, _setting: fixed if "alpha" in params else searching


def _logistic_defaults(setting: Setting) -> dict[str, Parameter]:
    """TF-IDF weights are small (each text has length 1), so a text needs a weaker penalty than scaled columns."""
    return {"C": 10.0 if setting.text_only else 1.0, "max_iter": 2000}


def _bayes_kind(_params: Parameters, setting: Setting) -> Any:  # noqa: ANN401 - an estimator's class
    return MultinomialNB if setting.text_only else GaussianNB


LINEAR = Algorithm(
    name="linear",
    regression=Variant(kind=always(LinearRegression), family=_LINEAR),
    instead="logistic",
)
"""Ordinary least squares."""

RIDGE = Algorithm(
    name="ridge",
    regression=Variant(kind=always(Ridge), family=_LINEAR, defaults=always({"alpha": 1.0})),
    instead="logistic",
)
"""Least squares with a penalty on the sum of squared weights."""

LASSO = Algorithm(
    name="lasso",
    regression=Variant(
        kind=_penalised(Lasso, LassoCV),
        family=_LINEAR,
        defaults=always({"max_iter": 10_000}),
        wrap=scaled_target,
    ),
    instead="logistic",
)
"""Least squares with a penalty on the sum of absolute weights: many become 0."""

ELASTIC_NET = Algorithm(
    name="elastic-net",
    regression=Variant(
        kind=_penalised(ElasticNet, ElasticNetCV),
        family=_LINEAR,
        defaults=always({"l1_ratio": 0.5, "max_iter": 10_000}),
        wrap=scaled_target,
    ),
    instead="logistic",
)
"""Least squares with both penalties."""

LOGISTIC = Algorithm(
    name="logistic",
    classification=Variant(kind=always(LogisticRegression), family=_LINEAR, defaults=_logistic_defaults),
    instead="linear",
)
"""Logistic regression with a penalty on the sum of squared weights, multinomial for more than two classes."""

BAYES = Algorithm(
    name="naive-bayes",
    classification=Variant(
        kind=_bayes_kind,
        family=lambda setting: Family.LINEAR if setting.text_only else Family.BAYES,
        defaults=lambda setting: {"alpha": 0.1} if setting.text_only else {},
    ),
    instead="linear",
)
"""Naive Bayes: multinomial on the words of texts, Gaussian on everything else."""
