"""Reading TOML into the parts of a recipe, with errors that a person can act on."""

from __future__ import annotations

import tomllib
from typing import Any, TypeVar

import msgspec

from carafe.errors import InvalidRecipe

P = TypeVar("P", bound=msgspec.Struct)


def toml_document(text: str) -> dict[str, Any]:
    """Parse TOML; columns come out as a list of tables with their names in them. Raise InvalidRecipe when broken."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidRecipe(f"the recipe is not valid TOML: {error}") from None
    columns = document.get("columns")
    if isinstance(columns, dict):
        document["columns"] = [{**column, "name": name} for name, column in columns.items()]
    return document


def read_part(part: type[P], value: object) -> P:
    """Convert plain values into a part of a recipe. Raise InvalidRecipe when they don't fit."""
    try:
        return msgspec.convert(value, part)
    except msgspec.ValidationError as error:
        raise InvalidRecipe(str(error)) from None
