"""Recipe: every decision of a training run, written down, so that the same data gives the same model again.

``Recipe.from_toml`` reads what ``carafe init`` wrote or a person edited; ``to_toml`` writes it with a comment beside
each column. Defaults are ``auto``: `carafe.training.features` resolves them for each family of algorithms.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Self

import msgspec

from carafe.errors import InvalidRecipe
from carafe.models.steps.elapsed import ElapsedUnit
from carafe.schema import Task
from carafe.training.recipe_columns import (
    Bins,
    ColumnRecipe,
    Encode,
    Missing,
    Outliers,
    Part,
    Scale,
    Text,
)
from carafe.training.recipe_read import read_part, toml_document
from carafe.training.recipe_toml import write_toml

__all__ = [
    "Bins",
    "Clean",
    "ColumnRecipe",
    "Data",
    "Duplicates",
    "Elapsed",
    "Encode",
    "Features",
    "Missing",
    "ModelChoice",
    "Outliers",
    "Parameter",
    "Product",
    "Ratio",
    "ReadOptions",
    "Recipe",
    "Scale",
    "Split",
    "SplitMethod",
    "Sum",
    "Text",
]

FORMAT = 1
"""The number of this recipe format."""

Parameter = bool | int | float | str | list[int]
"""What TOML can hold and an algorithm takes as a parameter (a list for the layers of a network)."""


class Duplicates(StrEnum):
    """What becomes of a row that equals an earlier one."""

    COUNT = "count"
    DROP = "drop"
    KEEP = "keep"


class SplitMethod(StrEnum):
    """How the hold-out is chosen."""

    AUTO = "auto"
    RANDOM = "random"
    STRATIFIED = "stratified"
    GROUP = "group"
    TIME = "time"


class ReadOptions(Part, frozen=True, kw_only=True):
    """How the table is read; None = detect."""

    delimiter: str | None = None
    encoding: str | None = None
    decimal: str | None = None
    sheet: str | None = None
    database: str | None = None
    query: str | None = None


class Data(Part, frozen=True, kw_only=True):
    """[data]: where the table comes from and what is to be predicted."""

    target: str
    source: str = ""
    task: Task | None = None
    """None = recognised from the target."""
    name: str = ""
    """The model's name in the registry; empty = taken from the source."""
    read: ReadOptions = ReadOptions()


class Ratio(Part, frozen=True, kw_only=True):
    """[[features.ratios]]: one number column divided by another."""

    name: str
    numerator: str
    denominator: str


class Product(Part, frozen=True, kw_only=True):
    """[[features.products]]: number columns multiplied."""

    name: str
    factors: tuple[str, ...]


class Sum(Part, frozen=True, kw_only=True):
    """[[features.sums]]: number columns added."""

    name: str
    terms: tuple[str, ...]


class Elapsed(Part, frozen=True, kw_only=True):
    """[[features.elapsed]]: the time from one date-time column to another."""

    name: str
    start: str
    end: str
    unit: ElapsedUnit = ElapsedUnit.SECONDS


class Features(Part, frozen=True, kw_only=True):
    """[features]: columns made from others."""

    ratios: tuple[Ratio, ...] = ()
    products: tuple[Product, ...] = ()
    sums: tuple[Sum, ...] = ()
    elapsed: tuple[Elapsed, ...] = ()


class Clean(Part, frozen=True, kw_only=True):
    """[clean]: what is done to training rows as a whole."""

    duplicates: Duplicates = Duplicates.COUNT


class Split(Part, frozen=True, kw_only=True):
    """[split]: which rows are held out, and the folds of cross-validation."""

    method: SplitMethod = SplitMethod.AUTO
    test_size: float = 0.2
    seed: int = 42
    column: str | None = None
    """The group of ``method = "group"``, the time of ``method = "time"``."""
    folds: int = 5

    def __post_init__(self) -> None:
        """Raise InvalidRecipe when the split can't be made on any table."""
        if not 0 < self.test_size < 1:
            raise InvalidRecipe(f"split.test_size: got {self.test_size}, expected a share between 0 and 1, such as 0.2")
        if not 0 <= self.seed < 2**32:
            raise InvalidRecipe(f"split.seed: got {self.seed}, expected a whole number from 0 to 4294967295")
        if self.folds < 2:
            raise InvalidRecipe(f"split.folds: got {self.folds}, expected 2 or more")
        if self.method in {SplitMethod.GROUP, SplitMethod.TIME} and self.column is None:
            raise InvalidRecipe(f'split.column: method = "{self.method}" needs the name of a column')


class ModelChoice(Part, frozen=True, kw_only=True):
    """[model]: which algorithm, with which parameters, found within how many seconds."""

    algorithm: str = "auto"
    time_budget: float = 60.0
    params: dict[str, Parameter] = msgspec.field(default_factory=dict)


class Recipe(Part, frozen=True, kw_only=True):
    """The whole recipe. ``columns`` keep the table's order; one that is not named is decided by the table's profile."""

    format: int = FORMAT
    data: Data
    clean: Clean = Clean()
    split: Split = Split()
    model: ModelChoice = ModelChoice()
    columns: tuple[ColumnRecipe, ...] = ()
    features: Features = Features()

    @property
    def used(self) -> tuple[str, ...]:
        """The names of the columns that are used, in order."""
        return tuple(column.name for column in self.columns if column.use)

    def column(self, name: str) -> ColumnRecipe:
        """Return the recipe of one column: all defaults where the recipe does not name it."""
        return next((column for column in self.columns if column.name == name), ColumnRecipe(name=name))

    @classmethod
    def from_toml(cls, text: str) -> Self:
        """Read a recipe.

        Raises:
            InvalidRecipe: broken TOML, an unknown key, a value that is not allowed, or steps that contradict each
                other; the message names the key, what came, what is allowed and the nearest spelling.
        """
        return read_part(cls, toml_document(text))

    def to_toml(self) -> str:
        """Write the recipe as TOML, with a comment beside each column."""
        return write_toml(self)
