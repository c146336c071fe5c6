"""Parts for texts."""

from __future__ import annotations

from carafe.models.steps import Words
from carafe.schema import Column
from carafe.training.feature_parts import Context, Part
from carafe.training.recipe import ColumnRecipe, Text

SPARSE_WORDS = 20_000
"""How many runs of words ``auto`` keeps where the matrix may be sparse."""

DENSE_WORDS = 300
"""How many where it is dense."""


def text_parts(column: Column, recipe: ColumnRecipe, context: Context) -> list[Part]:
    """Return the part that weighs a text's words."""
    text = recipe.text or Text()
    limit = text.maximum_features or (SPARSE_WORDS if context.family.takes_sparse else DENSE_WORDS)
    words = Words(shortest=text.words[0], longest=text.words[1], minimum_rows=text.minimum_rows, maximum_features=limit)
    return [Part(name="words", key=column.name, columns=(column.name,), build=lambda: words)]
