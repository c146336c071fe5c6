"""Parts for categories."""

from __future__ import annotations

import math

from sklearn.base import BaseEstimator
from sklearn.impute import SimpleImputer
from sklearn.model_selection import KFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, TargetEncoder

from carafe.schema import Column, Target, Task
from carafe.training.features.parts import Context, Part, scale_steps
from carafe.training.recipe import ColumnRecipe, Encode, Missing, Scale

FEW_CATEGORIES = 30
"""Up to so many categories ``auto`` gives each a feature of its own; beyond, the target's mean stands for each."""

MANY_CATEGORIES = 250
"""One-hot keeps so many categories at most; the rarest of more share one feature."""

RARE = 0.002
"""A category in a smaller share of the training rows shares the feature of the rare, and of the unknown."""


def category_parts(column: Column, recipe: ColumnRecipe, context: Context) -> list[Part]:
    """Return the part that encodes a category; a missing one is a category of its own unless it is filled."""
    encode = recipe.encode
    if encode is Encode.AUTO:
        encode = Encode.ONE_HOT if len(column.categories) <= FEW_CATEGORIES else Encode.TARGET
    return [
        Part(
            name="categories",
            key=(encode, recipe.missing, recipe.fill),
            columns=(column.name,),
            build=lambda: Pipeline(_impute(recipe) + _encoders(encode, context)),
        )
    ]


def _impute(recipe: ColumnRecipe) -> list[tuple[str, BaseEstimator]]:
    if recipe.missing is Missing.MOST_FREQUENT:
        return [("impute", SimpleImputer(missing_values=None, strategy="most_frequent", keep_empty_features=True))]
    if recipe.missing is Missing.CONSTANT:
        fill = str(recipe.fill)
        return [("impute", SimpleImputer(missing_values=None, strategy="constant", fill_value=fill))]
    return []


def _encoders(encode: Encode, context: Context) -> list[tuple[str, BaseEstimator]]:
    family = context.family
    if encode is Encode.ONE_HOT:
        return [("encode", _one_hot(sparse=family.takes_sparse))]
    encoder = _target_encoder(context) if encode is Encode.TARGET else _ordinal(missing=family.takes_missing)
    return [("encode", encoder), *scale_steps(Scale.AUTO, family)]


def _one_hot(*, sparse: bool) -> OneHotEncoder:
    return OneHotEncoder(
        handle_unknown="infrequent_if_exist",
        min_frequency=RARE,
        max_categories=MANY_CATEGORIES,
        sparse_output=sparse,
    )


def _ordinal(*, missing: bool) -> OrdinalEncoder:
    return OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=math.nan if missing else -1)


def _target_encoder(context: Context) -> TargetEncoder:
    folds = KFold(n_splits=5, shuffle=True, random_state=context.recipe.split.seed)
    return TargetEncoder(target_type=_target_type(context.signature.target), cv=folds)


def _target_type(target: Target) -> str:
    if target.task is Task.REGRESSION:
        return "continuous"
    return "binary" if len(target.classes) == 2 else "multiclass"
