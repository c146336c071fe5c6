"""Writing a recipe as commented TOML."""

from __future__ import annotations

import msgspec
import tomlkit


def write_toml(recipe: msgspec.Struct) -> str:
    """Return the recipe as TOML."""
    document = msgspec.to_builtins(recipe)
    columns = document.pop("columns", [])
    document["columns"] = {column.pop("name"): column for column in columns}
    return tomlkit.dumps(document)
