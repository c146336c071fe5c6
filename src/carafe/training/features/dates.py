"""Parts for date-times."""

from __future__ import annotations

from sklearn.pipeline import Pipeline

from carafe.models.steps import DatePart, DateParts
from carafe.schema import Column
from carafe.training.features.numbers import flags_missing, impute_steps, missing_flag
from carafe.training.features.parts import Context, Family, Part, scale_steps
from carafe.training.recipe import ColumnRecipe

_COUNTED = (DatePart.DAYS, DatePart.YEAR, DatePart.MONTH, DatePart.DAY, DatePart.WEEKDAY, DatePart.HOUR)
"""For algorithms that split at thresholds."""

_CIRCLES = (
    DatePart.DAYS,
    DatePart.YEAR_SINE,
    DatePart.YEAR_COSINE,
    DatePart.WEEKEND,
    DatePart.WEEK_SINE,
    DatePart.WEEK_COSINE,
    DatePart.DAY_SINE,
    DatePart.DAY_COSINE,
)
"""For algorithms that add up or measure distances: December lies next to January."""


def date_parts(column: Column, recipe: ColumnRecipe, context: Context) -> list[Part]:
    """Return the part that takes a date-time apart, and one that flags a missing one where the family needs it."""
    family = context.family
    parts = tuple(str(part) for part in (recipe.dates if recipe.dates is not None else _suited(family)))
    value = Part(
        name="dates",
        key=(parts, recipe.missing, recipe.scale),
        columns=(column.name,),
        build=lambda: _date_pipeline(parts, recipe, family),
    )
    return [value, _flag(column.name)] if flags_missing(recipe, family) else [value]


def _date_pipeline(parts: tuple[str, ...], recipe: ColumnRecipe, family: Family) -> Pipeline:
    steps = [("parts", DateParts(parts=list(parts)))]
    return Pipeline(steps + impute_steps(recipe, family) + scale_steps(recipe.scale, family))


def _suited(family: Family) -> tuple[DatePart, ...]:
    return _COUNTED if family.orders else _CIRCLES


def _flag(name: str) -> Part:
    return Part(
        name="missing_dates",
        key=None,
        columns=(name,),
        build=lambda: Pipeline([("days", DateParts(parts=["days"])), ("flag", missing_flag(name).build())]),
    )
