"""What the options of a command line, or the arguments of a call, change in a recipe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import msgspec

from carafe.training.recipe.columns import ColumnRecipe
from carafe.training.recipe.recipe import Recipe
from carafe.training.recipe.sections import ModelChoice

_Part = TypeVar("_Part", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What options say about a run; None = as the recipe has it."""

    target: str | None = None
    name: str | None = None
    algorithm: str | None = None
    time_budget: float | None = None
    cross_validate: int | None = None
    """How many folds a named algorithm is scored on, too."""
    test_size: float | None = None
    seed: int | None = None
    drop: tuple[str, ...] = ()
    keep_rows: bool | None = None


def changed(recipe: Recipe, changes: Changes) -> Recipe:
    """Return the recipe as the options have it. Another algorithm loses the parameters of the recipe's own.

    Raises:
        InvalidRecipe: when an option can't be obeyed.
    """
    data = _with(recipe.data, target=changes.target, name=changes.name)
    folds = changes.cross_validate
    kept_rows = changes.keep_rows
    split = _with(recipe.split, test_size=changes.test_size, seed=changes.seed, folds=folds, keep_rows=kept_rows)
    model = _with(
        recipe.model,
        algorithm=changes.algorithm,
        time_budget=changes.time_budget,
        cross_validate=None if folds is None else True,
    )
    if changes.algorithm not in {None, recipe.model.algorithm}:
        model = msgspec.structs.replace(model, params=ModelChoice().params)
    kept = tuple(column for column in recipe.columns if column.name not in changes.drop)
    dropped = tuple(ColumnRecipe(name=name, use=False, reason="left out on request") for name in changes.drop)
    return msgspec.structs.replace(recipe, data=data, split=split, model=model, columns=kept + dropped)


def _with(part: _Part, **values: object) -> _Part:
    given = {name: value for name, value in values.items() if value is not None}
    return msgspec.structs.replace(part, **given) if given else part
