"""The recipe that a command line means: a file's, or one of its own, with what the options change."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

import click
import msgspec

from carafe.cli.reading import Reading
from carafe.training.recipe import Data, ReadOptions, Recipe
from carafe.training.recipe.changes import Changes, changed

RECIPE_SUFFIX = ".toml"
"""What tells a recipe from a table."""


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
    return Order(recipe=changed(recipe, changes), reading=reading)


def _source(recipe: Recipe, given: Reading, folder: Path) -> Reading:
    """Return where the recipe's table is: beside the recipe, unless its path is absolute. Options win over it."""
    known = msgspec.structs.asdict(recipe.data.read)
    chosen = {name: getattr(given, name) for name in known if getattr(given, name) is not None}
    if not recipe.data.source and "query" not in chosen and known["query"] is None:
        raise click.UsageError("the recipe names no table: write source = FILE into its [data]")
    if (known | chosen)["query"] is not None and (known | chosen)["database"] is None:
        raise click.UsageError("the recipe has a query and keeps no database: add --database URL")
    data = folder / recipe.data.source if recipe.data.source else None
    return replace(given, data=data, **(known | chosen))


def _kept(reading: Reading) -> ReadOptions:
    """Return how the table is read, without the database: its URL may hold a password, and recipes are shown."""
    return msgspec.structs.replace(reading.options(), database=None)


def beside(source: Path, recipe: Path) -> str:
    """Return the path of a table as a recipe in another folder names it."""
    if source.is_absolute():
        return str(source)
    return Path(os.path.relpath(source, recipe.parent)).as_posix()
