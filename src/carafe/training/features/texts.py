"""Parts for texts."""

from __future__ import annotations

from dataclasses import dataclass

from carafe.models.steps import Words
from carafe.schema import Column
from carafe.training.features.parts import Context, Family, Part
from carafe.training.recipe import ColumnRecipe, Text


@dataclass(frozen=True, slots=True, kw_only=True)
class _Suited:
    """What ``auto`` means: lines add up many weak words, trees need few that split well."""

    longest: int
    rows: int
    features: int


_LINES = _Suited(longest=2, rows=5, features=20_000)
_TREES = _Suited(longest=1, rows=20, features=1_000)
_DENSE = _Suited(longest=1, rows=20, features=300)


def text_parts(column: Column, recipe: ColumnRecipe, context: Context) -> list[Part]:
    """Return the part that weighs a text's words."""
    text, suited = recipe.text or Text(), _suited(context.family)
    shortest, longest = text.words or (1, suited.longest)
    words = Words(
        shortest=shortest,
        longest=longest,
        minimum_rows=text.minimum_rows,
        usual_rows=suited.rows,
        maximum_features=text.maximum_features or suited.features,
    )
    return [Part(name="words", key=column.name, columns=(column.name,), build=lambda: words)]


def _suited(family: Family) -> _Suited:
    if not family.takes_sparse:
        return _DENSE
    return _TREES if family.orders else _LINES
