"""What a recipe says about one column: missing values, outliers, scaling, encoding, bins, dates, text."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from carafe.errors import InvalidRecipe
from carafe.models.steps.bounds import OutlierMethod
from carafe.models.steps.date_parts import DatePart
from carafe.schema import Kind


class Missing(StrEnum):
    """What becomes of a missing value."""

    AUTO = "auto"
    DROP = "drop"
    CONSTANT = "constant"
    MEAN = "mean"
    MEDIAN = "median"
    MOST_FREQUENT = "most-frequent"
    INTERPOLATE = "interpolate"
    INDICATOR = "indicator"
    NATIVE = "native"


class Outliers(StrEnum):
    """What becomes of a number outside the bounds learnt from the training rows."""

    NONE = "none"
    DROP = "drop"
    CLIP = "clip"
    REPLACE = "replace"
    ISOLATE = "isolate"


class Scale(StrEnum):
    """How a number is scaled."""

    AUTO = "auto"
    NONE = "none"
    STANDARD = "standard"
    MIN_MAX = "min-max"
    ROBUST = "robust"


class Encode(StrEnum):
    """How a category becomes numbers."""

    AUTO = "auto"
    ONE_HOT = "one-hot"
    ORDINAL = "ordinal"
    TARGET = "target"


class Part(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Base of every part of a recipe: frozen, named, closed."""


class Bins(Part, frozen=True, kw_only=True):
    """``bins``: cut a number at ``edges`` (with optional labels), or into ``quantiles`` parts of equal count."""

    edges: tuple[float, ...] = ()
    labels: tuple[str, ...] = ()
    quantiles: int | None = None
    keep: bool = False
    """Keep the number itself beside its bin."""

    def __post_init__(self) -> None:
        """Raise InvalidRecipe unless the bins are well defined."""
        if bool(self.edges) == (self.quantiles is not None):
            raise InvalidRecipe("bins: name either edges, such as [0, 18, 30, 60, 100], or a number of quantiles")
        if self.quantiles is not None and not 2 <= self.quantiles <= 100:
            raise InvalidRecipe(f"bins.quantiles: got {self.quantiles}, expected a whole number from 2 to 100")
        if self.edges and (
            len(self.edges) < 2 or any(a >= b for a, b in zip(self.edges, self.edges[1:], strict=False))
        ):
            raise InvalidRecipe(
                f"bins.edges: got {list(self.edges)}, expected two or more numbers, each above the last"
            )
        expected = self.quantiles if self.quantiles is not None else len(self.edges) - 1
        if self.labels and (len(self.labels) != expected or len(set(self.labels)) != expected):
            raise InvalidRecipe(f"bins.labels: got {len(self.labels)}, expected {expected} different labels, one a bin")


class Text(Part, frozen=True, kw_only=True):
    """``text``: TF-IDF of the words of a text column."""

    words: tuple[int, int] = (1, 2)
    """The shortest and the longest run of words that is a feature."""
    minimum_rows: int = 2
    """How many training rows a run of words must occur in."""
    maximum_features: int | None = None
    """How many runs of words are kept at most, the most frequent first; None = as suits the algorithms."""

    def __post_init__(self) -> None:
        """Raise InvalidRecipe unless the ranges hold."""
        if not 1 <= self.words[0] <= self.words[1] <= 5:
            raise InvalidRecipe(f"text.words: got {list(self.words)}, expected [shortest, longest] from 1 to 5")
        if self.minimum_rows < 1:
            raise InvalidRecipe(f"text.minimum_rows: got {self.minimum_rows}, expected 1 or more")
        if self.maximum_features is not None and self.maximum_features < 1:
            raise InvalidRecipe(f"text.maximum_features: got {self.maximum_features}, expected 1 or more")


class ColumnRecipe(Part, frozen=True, kw_only=True):
    """[columns.NAME]: what becomes of one column. ``reason`` says why it is used or left out."""

    name: str
    use: bool = True
    reason: str = ""
    kind: Kind | None = None
    """None = as the table's profile says."""
    missing_values: tuple[float | str, ...] = ()
    """Values that stand for a missing one, such as 0 in a blood pressure."""
    missing: Missing = Missing.AUTO
    fill: float | str | None = None
    """The constant of ``missing = "constant"``."""
    outliers: Outliers = Outliers.NONE
    outlier_method: OutlierMethod = OutlierMethod.IQR
    outlier_factor: float | None = None
    """None = 1.5 interquartile ranges, 3 standard deviations, or a share of 0.01 for the isolation forest."""
    scale: Scale = Scale.AUTO
    encode: Encode = Encode.AUTO
    bins: Bins | None = None
    dates: tuple[DatePart, ...] | None = None
    """The parts of a date-time; None = those that suit the algorithms."""
    text: Text | None = None

    def __post_init__(self) -> None:
        """Raise InvalidRecipe when steps contradict each other or the column's kind."""
        if (self.missing is Missing.CONSTANT) != (self.fill is not None):
            raise InvalidRecipe(f'columns.{self.name}: missing = "constant" and fill = <value> belong together')
        if self.outlier_factor is not None and not self.outlier_factor > 0:
            raise InvalidRecipe(f"columns.{self.name}.outlier_factor: got {self.outlier_factor}, expected more than 0")
