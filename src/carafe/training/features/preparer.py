"""The preparer: an unfitted scikit-learn pipeline from a table's columns to the matrix an algorithm takes.

``build_preparer`` resolves every ``auto`` of the recipe for one family of algorithms. All learning (medians, scales,
categories, bounds, words) happens when the pipeline is fitted, so on training rows only.
"""

from __future__ import annotations

from collections.abc import Iterable

from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline

from carafe.errors import UntrainableTable
from carafe.models.steps import MissingValues, ShortNames
from carafe.schema import Column, Kind, Signature
from carafe.training.features.categories import category_parts
from carafe.training.features.dates import date_parts
from carafe.training.features.derived import derived_parts
from carafe.training.features.numbers import number_parts
from carafe.training.features.parts import Context, Family, Part
from carafe.training.features.texts import text_parts
from carafe.training.recipe import Recipe
from carafe.training.recipe.rules import check_kind

__all__ = ["Family", "build_preparer"]


def build_preparer(*, recipe: Recipe, signature: Signature, family: Family) -> Pipeline:
    """Return the unfitted pipeline that turns a frame of ``signature``'s columns into a float matrix.

    In: a polars frame from `carafe.models.frames.polars_frame`, shape (n, columns). Out: float64 (n, features), a
    scipy sparse matrix where most of it is zero and the family takes one. Fit it with the target: some encodings
    learn from it. ``get_feature_names_out()`` gives each feature's name.

    Raises:
        InvalidRecipe: a step does not suit its column's kind or the family.
        UntrainableTable: no column is used.
    """
    context = Context(recipe=recipe, signature=signature, family=family)
    parts = [part for column in signature.columns for part in _column_parts(column, context)]
    parts += derived_parts(context)
    if not parts:
        raise UntrainableTable("no column is used: set use = true for at least one column of the recipe")
    columns = ColumnTransformer(list(_grouped(parts)), sparse_threshold=0.3 if family.takes_sparse else 0.0)
    steps: list[tuple[str, BaseEstimator]] = [("columns", columns), ("names", ShortNames())]
    disguised = {
        column.name: list(recipe.column(column.name).missing_values)
        for column in signature.columns
        if recipe.column(column.name).missing_values
    }
    if disguised:
        steps.insert(0, ("missing_values", MissingValues(values=disguised)))
    return Pipeline(steps)


def _column_parts(column: Column, context: Context) -> list[Part]:
    recipe = context.recipe.column(column.name)
    if not recipe.use:
        return []
    check_kind(recipe, column.kind)
    if column.kind is Kind.CATEGORY:
        return category_parts(column, recipe, context)
    if column.kind is Kind.TEXT:
        return text_parts(column, recipe, context)
    if column.kind is Kind.DATETIME:
        return date_parts(column, recipe, context)
    return number_parts(column, recipe, context)


def _grouped(parts: Iterable[Part]) -> Iterable[tuple[str, BaseEstimator, list[str]]]:
    """Merge the parts that are treated alike into one transformer each, named and ordered by first appearance."""
    groups: dict[tuple[str, object], tuple[Part, list[str]]] = {}
    for part in parts:
        groups.setdefault((part.name, part.key), (part, []))[1].extend(part.columns)
    count: dict[str, int] = {}
    for part, columns in groups.values():
        count[part.name] = count.get(part.name, 0) + 1
        number = count[part.name]
        yield part.name if number == 1 else f"{part.name}{number}", part.build(), columns
