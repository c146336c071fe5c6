"""Numbers written as text: which notation a column uses, and its values."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import polars as pl

from carafe.schema.values import EXACT_INTEGER

NULL_WORDS = ("na", "n/a", "nan", "null", "none", "?", "-")
"""Words that stand for a missing value among numbers, dates and truth values; compared in lower case."""

STRAY_SHARE = 0.02
"""The largest share of values that are no numbers in a column that is still read as numbers."""

STRAY_MINIMUM = 50
"""A column needs this many values before a stray one is told from a category."""

_WHOLE = r"^[+-]?\d+$"
_LEADING_ZERO = r"^[+-]?0\d"
_EXPONENT = r"(?:[eE][+-]?\d{1,3})?$"

_UNIT_BEFORE = r"^([+-]?)([$€£¥₹])\s*"
_UNIT_BEHIND = r"\s*([%$€£¥₹])$"


class Notation(StrEnum):
    """How the numbers of a column are written."""

    POINT = "point"
    """``1234.5``"""
    COMMA = "comma"
    """``1234,5`` or ``1.234,5``"""
    GROUPED = "grouped"
    """``1,234.5``"""


_PATTERNS: dict[Notation, str] = {
    Notation.POINT: r"^[+-]?(?:\d+\.?\d*|\.\d+)" + _EXPONENT,
    Notation.COMMA: r"^[+-]?(?:[1-9]\d{0,2}(?:\.\d{3})+|\d+)(?:,\d*)?" + _EXPONENT,
    Notation.GROUPED: r"^[+-]?(?:[1-9]\d{0,2}(?:,\d{3})+|\d+)(?:\.\d*)?" + _EXPONENT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberText:
    """What was found out about a column whose text holds numbers."""

    notation: Notation
    whole: bool
    """Every number is a whole number written without a decimal mark."""
    strays: tuple[str, ...] = ()
    """Distinct values that are neither numbers nor null words, at most three; they are read as missing."""
    ambiguous: bool = False
    """The commas may be decimal marks as well: ``1,234``."""
    unit: str = ""
    """The sign that stands at every number: a currency, or %."""


def stripped(text: pl.Series) -> pl.Series:
    """Return the text without white space at its ends, and null where nothing is left."""
    bare = text.str.strip_chars()
    return bare.set(bare == "", None)


def without_null_words(text: pl.Series) -> pl.Series:
    """Return stripped text with null in place of the null words."""
    return text.set(text.str.to_lowercase().is_in(NULL_WORDS).fill_null(value=False), None)


def has_leading_zeros(text: pl.Series) -> bool:
    """Tell whether a value such as ``007`` occurs, which a number would lose."""
    return bool(text.str.contains(_LEADING_ZERO).any())


def study_numbers(text: pl.Series) -> NumberText | None:
    """Return how the numbers of this stripped text, null words taken out, are written; None where it holds others.

    One currency or percent sign may stand at every number. A share of at most STRAY_SHARE may be something else in
    point notation: a stray remark makes no category of a column of measurements.
    """
    if text.null_count() == len(text):
        return None
    unit = _common_unit(text)
    found = _study_bare(_without_unit(text) if unit else text)
    return found if found is None or not unit else replace(found, unit=unit)


def _study_bare(text: pl.Series) -> NumberText | None:
    if has_leading_zeros(text):
        return None
    fits = {notation: text.str.contains(pattern) for notation, pattern in _PATTERNS.items()}
    point = fits[Notation.POINT]
    if point.all():
        return NumberText(notation=Notation.POINT, whole=bool(text.str.contains(_WHOLE).all()))
    if fits[Notation.GROUPED].all():
        dots = bool(text.str.contains(".", literal=True).any())
        return NumberText(notation=Notation.GROUPED, whole=not dots, ambiguous=bool(fits[Notation.COMMA].all()))
    if fits[Notation.COMMA].all():
        return NumberText(notation=Notation.COMMA, whole=False)
    strays = text.filter(~point)
    if len(strays) <= STRAY_SHARE * point.count() and point.count() >= STRAY_MINIMUM:
        whole = bool(text.filter(point).str.contains(_WHOLE).all())
        return NumberText(notation=Notation.POINT, whole=whole, strays=tuple(strays.unique(maintain_order=True)[:3]))
    return None


def read_numbers(text: pl.Series, notation: Notation = Notation.POINT) -> pl.Series:
    """Return the text's numbers as Float64; null where it holds none, or one too large for a double."""
    bare = pointed(_without_unit(stripped(text)), notation)
    numbers = bare.set(~bare.str.contains(_PATTERNS[Notation.POINT]).fill_null(value=True), None)
    return finite(numbers.cast(pl.Float64, strict=False))


def _common_unit(text: pl.Series) -> str:
    """Return the one sign that stands before or behind every value; empty where there is none, or more than one."""
    units = text.drop_nulls().head(1).str.extract(_UNIT_BEFORE, 2).to_list()
    units += text.drop_nulls().head(1).str.extract(_UNIT_BEHIND, 1).to_list()
    for unit in filter(None, units):
        sign = f"[{unit}]"
        if (text.str.contains(rf"^[+-]?{sign}") | text.str.contains(sign + "$")).all():
            return str(unit)
    return ""


def _without_unit(text: pl.Series) -> pl.Series:
    return text.str.replace(_UNIT_BEFORE, "${1}").str.replace(_UNIT_BEHIND, "")


def pointed(bare: pl.Series, notation: Notation) -> pl.Series:
    """Return numbers written in a notation as they are written with a point."""
    if notation is Notation.COMMA:
        return bare.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)
    return bare.str.replace_all(",", "", literal=True) if notation is Notation.GROUPED else bare


def finite(numbers: pl.Series) -> pl.Series:
    """Return the numbers with null in place of NaN and the infinities."""
    return numbers.set(~numbers.is_finite().fill_null(value=True), None)


def exceeds_exact(numbers: pl.Series) -> bool:
    """Tell whether a whole number occurs that a double may not hold exactly, such as an 18-digit account number."""
    return bool((numbers.cast(pl.Float64).abs() >= EXACT_INTEGER).any())


def rewritten_with_point(frame: pl.DataFrame, *, decimal: str) -> pl.DataFrame:
    """Return a table of strings with its numbers in point notation, given the decimal mark they are written with.

    Columns that hold anything but such numbers, null words and blanks stay as they are.
    """
    notation = Notation.COMMA if decimal == "," else Notation.GROUPED
    return pl.DataFrame([_rewritten(text, notation) for text in frame.iter_columns()])


def _rewritten(text: pl.Series, notation: Notation) -> pl.Series:
    known = without_null_words(stripped(text))
    fits = known.str.contains(_PATTERNS[notation])
    if not fits.all() or not known.str.contains(",", literal=True).any():
        return text
    return pointed(known, notation)
