"""The recipe that a command line means: a file's, or one of its own, with what the options change."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import click
import msgspec

from carafe.cli.reading import Reading
from carafe.training.recipe import ColumnRecipe, Data, ModelChoice, ReadOptions, Recipe

_Part = TypeVar("_Part", bound=msgspec.Struct)

RECIPE_SUFFIX = ".toml"
"""What tells a recipe from a table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What options say about a run; None = as the recipe has it."""

    target: str | None = None
    name: str | None = None
    algorithm: str | None = None
    time_budget: float | None = None
    test_size: float | None = None
    seed: int | None = None
    drop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A recipe, and where its table is read."""

    recipe: Recipe
    reading: Reading


def order_from(reading: Reading, changes: Changes) -> Order:
    """Return what a command line asks for. DATA that ends in ``.toml`` is a recipe, and names its table itself.

    Raises:
        UnreadableTable: when there is no such recipe file.
        InvalidRecipe: when it can't be obeyed.
    """
    if reading.data is not None and reading.data.suffix.lower() == RECIPE_SUFFIX:
        recipe = Recipe.from_file(reading.data)
        reading = _source(recipe, reading, reading.data.parent)
    else:
        if changes.target is None:
            raise click.UsageError("name the column to predict: --target COLUMN")
        source = str(reading.data) if reading.data is not None else ""
        recipe = Recipe(data=Data(target=changes.target, source=source, read=_kept(reading)))
    return Order(recipe=_changed(recipe, changes), reading=reading)


def _source(recipe: Recipe, given: Reading, folder: Path) -> Reading:
    """Return where the recipe's table is: beside the recipe, unless its path is absolute. Options win over it."""
    known = msgspec.structs.asdict(recipe.data.read)
    chosen = {name: getattr(given, name) for name in known if getattr(given, name) is not None}
    if not recipe.data.source and "query" not in chosen and known["query"] is None:
        raise click.UsageError("the recipe names no table: write source = FILE into its [data]")
    data = folder / recipe.data.source if recipe.data.source else None
    return replace(given, data=data, **(known | chosen))


def _kept(reading: Reading) -> ReadOptions:
    """Return how the table is read, without the database: its URL may hold a password, and recipes are shown."""
    return msgspec.structs.replace(reading.options(), database=None)


def _changed(recipe: Recipe, changes: Changes) -> Recipe:
    data = _with(recipe.data, target=changes.target, name=changes.name)
    split = _with(recipe.split, test_size=changes.test_size, seed=changes.seed)
    model = _with(recipe.model, algorithm=changes.algorithm, time_budget=changes.time_budget)
    if changes.algorithm not in {None, recipe.model.algorithm}:
        model = msgspec.structs.replace(model, params=ModelChoice().params)  # those of another algorithm
    kept = tuple(column for column in recipe.columns if column.name not in changes.drop)
    dropped = tuple(ColumnRecipe(name=name, use=False, reason="left out by --drop") for name in changes.drop)
    return msgspec.structs.replace(recipe, data=data, split=split, model=model, columns=kept + dropped)


def _with(part: _Part, **values: object) -> _Part:
    given = {name: value for name, value in values.items() if value is not None}
    return msgspec.structs.replace(part, **given) if given else part


def beside(source: Path, recipe: Path) -> str:
    """Return the path of a table as a recipe in another folder names it."""
    if source.is_absolute():
        return str(source)
    return Path(os.path.relpath(source, recipe.parent)).as_posix()
