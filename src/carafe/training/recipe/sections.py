"""What a recipe says beside its columns: [data], [clean], [split], [model], [features]."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from carafe.models.steps import ElapsedUnit
from carafe.schema import Task
from carafe.tables import ReadOptions
from carafe.training.recipe.columns import Part

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

    @property
    def sources(self) -> tuple[str, ...]:
        """The columns that the features are made from, each once, in order of mention."""
        named = [name for ratio in self.ratios for name in (ratio.numerator, ratio.denominator)]
        named += [name for product in self.products for name in product.factors]
        named += [name for total in self.sums for name in total.terms]
        named += [name for elapsed in self.elapsed for name in (elapsed.start, elapsed.end)]
        return tuple(dict.fromkeys(named))


class Clean(Part, frozen=True, kw_only=True):
    """[clean]: what is done to training rows as a whole."""

    duplicates: Duplicates = Duplicates.COUNT
    """Rows that equal an earlier one in every column used and in the target."""
    outlier_share: float = 0.0
    """The share of rows dropped as outliers, found by an isolation forest over all number columns; 0 = none."""


class Split(Part, frozen=True, kw_only=True):
    """[split]: which rows are held out, and the folds of cross-validation."""

    method: SplitMethod = SplitMethod.AUTO
    test_size: float = 0.2
    seed: int = 42
    column: str | None = None
    """The group of ``method = "group"``, the time of ``method = "time"``."""
    folds: int = 5
    keep_rows: bool = True
    """Whether up to 2,000 of the held-out rows are kept with the version, to compare later ones on."""


class ModelChoice(Part, frozen=True, kw_only=True):
    """[model]: which algorithm, with which parameters, found within how many seconds."""

    algorithm: str = "auto"
    time_budget: float = 60.0
    cross_validate: bool = False
    """Score a named algorithm on every fold, too; ``auto`` always does."""
    params: dict[str, Parameter] = msgspec.field(default_factory=dict)
