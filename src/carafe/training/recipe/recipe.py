"""Recipe: every decision of a training run, written down, so that the same data gives the same model again.

``Recipe.from_toml`` reads what ``carafe init`` wrote or a person edited; ``to_toml`` writes it with a comment beside
each column. Defaults are ``auto``: `carafe.training.features` resolves them for each family of algorithms.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Self

from carafe.errors import UnreadableTable
from carafe.training.recipe.columns import ColumnRecipe, Part
from carafe.training.recipe.reading import read_part, toml_document
from carafe.training.recipe.rules import FORMAT, check_recipe
from carafe.training.recipe.sections import (
    Clean,
    Data,
    Features,
    ModelChoice,
    Split,
)
from carafe.training.recipe.toml import write_toml


class Recipe(Part, frozen=True, kw_only=True, dict=True):
    """The whole recipe. ``columns`` keep the table's order; one that is not named has all defaults.

    Raises:
        InvalidRecipe: when its parts contradict each other; the message names the key.
    """

    format: int = FORMAT
    data: Data
    clean: Clean = Clean()
    split: Split = Split()
    model: ModelChoice = ModelChoice()
    columns: tuple[ColumnRecipe, ...] = ()
    features: Features = Features()

    def __post_init__(self) -> None:
        """Check the parts against each other."""
        check_recipe(
            format_number=self.format,
            target=self.data.target,
            clean=self.clean,
            split=self.split,
            model=self.model,
            columns=self.columns,
            features=self.features,
        )

    @cached_property
    def by_name(self) -> Mapping[str, ColumnRecipe]:
        """The columns' recipes, by name."""
        return {column.name: column for column in self.columns}

    @cached_property
    def used(self) -> tuple[str, ...]:
        """The columns a record must have, in order: those used, and those that a feature is made from."""
        needed = set(self.features.sources)
        return tuple(column.name for column in self.columns if column.use or column.name in needed)

    def column(self, name: str) -> ColumnRecipe:
        """Return the recipe of one column: all defaults where the recipe does not name it."""
        return self.by_name.get(name) or ColumnRecipe(name=name)

    @classmethod
    def from_toml(cls, text: str) -> Self:
        """Read a recipe.

        Raises:
            InvalidRecipe: broken TOML, an unknown key, a value that is not allowed, or steps that contradict each
                other; the message names the key, what came, what is allowed and the nearest spelling.
        """
        return read_part(cls, toml_document(text))

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """Read a recipe from a file.

        Raises:
            UnreadableTable: when there is no such file, or it is no UTF-8 text.
            InvalidRecipe: as ``from_toml``.
        """
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            story = error.strerror or type(error).__name__
            raise UnreadableTable(f"{path}: the recipe can't be read ({story}); `carafe init` writes one") from error
        except UnicodeDecodeError as error:
            raise UnreadableTable(f"{path}: the recipe is not UTF-8 text; `carafe init` writes one") from error
        return cls.from_toml(text)

    def to_toml(self, *, notes: Mapping[str, str] | None = None) -> str:
        """Write the recipe as TOML, with what is allowed beside each key and a note above each column that has one.

        The password in a database's URL is left out: recipes are stored with versions and shared.
        """
        return write_toml(self, notes=notes or {})
