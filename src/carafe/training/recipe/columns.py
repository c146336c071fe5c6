"""What a recipe says about one column: missing values, outliers, scaling, encoding, bins, dates, text."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from carafe.models.steps import DatePart, OutlierMethod
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


class Text(Part, frozen=True, kw_only=True):
    """``text``: TF-IDF of the words of a text column."""

    words: tuple[int, int] | None = None
    """The shortest and the longest run of words that is a feature; None = as suits the algorithms."""
    minimum_rows: int | None = None
    """How many training rows a run of words must occur in; None = as suits the algorithms and the table."""
    maximum_features: int | None = None
    """How many runs of words are kept at most, the most frequent first; None = as suits the algorithms."""


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
