"""What a column is: the rules that decide it, each with the sentence that says why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import polars as pl

from carafe.schema import Kind
from carafe.tables.dates import study_dates
from carafe.tables.identifiers import string_identifier, whole_number_identifier
from carafe.tables.numbers import (
    Notation,
    NumberText,
    exceeds_exact,
    finite,
    has_leading_zeros,
    read_numbers,
    stripped,
    study_numbers,
    without_null_words,
)


class Role(StrEnum):
    """What a column is to a model. Identifiers and constants are left out."""

    NUMERIC = "number"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    CATEGORY = "category"
    DATETIME = "datetime"
    TEXT = "text"
    IDENTIFIER = "identifier"
    CONSTANT = "constant"


_KINDS = {
    Role.NUMERIC: Kind.NUMBER,
    Role.INTEGER: Kind.INTEGER,
    Role.BOOLEAN: Kind.BOOLEAN,
    Role.CATEGORY: Kind.CATEGORY,
    Role.DATETIME: Kind.DATETIME,
    Role.TEXT: Kind.TEXT,
}

LEFT_OUT = frozenset({Role.IDENTIFIER, Role.CONSTANT})
"""The roles that no model takes."""

TEXT_WORDS = 1.75
"""Strings of at least this many words on average are names or sentences, if most of them differ."""

TEXT_DISTINCT = 0.5
"""Strings of several words are text from this share of distinct values on; below it they are categories."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A column's role, why it has it, and how its text is to be read."""

    role: Role
    reason: str
    notation: Notation = Notation.POINT
    date_format: str | None = None


def kind_of(role: Role) -> Kind:
    """Return what a record holds in a column of this role.

    Raises:
        ValueError: for an identifier or a constant, which no record needs.
    """
    if role not in _KINDS:
        raise ValueError(f"a column that is {role} is left out of the signature")
    return _KINDS[role]


def decide(values: pl.Series, *, target: bool = False) -> Decision:
    """Decide what a column is. A target is never an identifier or a text: its strings are classes."""
    if values.null_count() == len(values):
        return Decision(role=Role.CONSTANT, reason="every value is missing")
    return _decide(values, target=target)


def _decide(values: pl.Series, *, target: bool) -> Decision:
    if values.dtype == pl.String:
        return _decide_text(stripped(values), target=target)
    if values.dtype.is_integer() and exceeds_exact(values):
        return _decide_long_numbers(values.cast(pl.String), target=target)
    if values.dtype.is_integer():
        return _decide_whole(values, reason="whole numbers", target=target)
    if values.dtype.is_numeric():
        return _decide_fractions(finite(values.cast(pl.Float64)), target=target)
    return _decide_other(values.dtype)


def _decide_other(dtype: pl.DataType) -> Decision:
    if isinstance(dtype, (pl.Categorical, pl.Enum)):
        return Decision(role=Role.CATEGORY, reason="the table holds categories")
    if dtype == pl.Boolean:
        return Decision(role=Role.BOOLEAN, reason="true and false")
    if isinstance(dtype, (pl.Date, pl.Datetime)):
        return Decision(role=Role.DATETIME, reason="the table holds dates")
    return Decision(role=Role.IDENTIFIER, reason=f"values of type {dtype} can't be learnt from")


def _decide_whole(values: pl.Series, *, reason: str, target: bool) -> Decision:
    identifier = None if target else whole_number_identifier(values)
    if identifier is not None:
        return Decision(role=Role.IDENTIFIER, reason=f"{reason}; {identifier}")
    return Decision(role=Role.INTEGER, reason=reason)


def _decide_fractions(values: pl.Series, *, target: bool) -> Decision:
    """Whole numbers next to missing values were made floats by whoever wrote the table: integers hold no NaN."""
    if values.null_count() == len(values):
        return Decision(role=Role.CONSTANT, reason="every value is missing")
    if values.null_count() and bool((values == values.round()).all()):
        return _decide_whole(values, reason="whole numbers, written with a point beside missing values", target=target)
    return Decision(role=Role.NUMERIC, reason="numbers")


def _decide_text(text: pl.Series, *, target: bool) -> Decision:
    known = without_null_words(text)
    if known.null_count() == len(known):
        return Decision(role=Role.CONSTANT, reason="every value is missing")
    if known.str.to_lowercase().is_in(["true", "false"]).all():
        return Decision(role=Role.BOOLEAN, reason="true and false" + _missing_words(text, known))
    numbers = study_numbers(known)
    if numbers is not None:
        decision = _decide_number_text(known, numbers, target=target)
        return replace(decision, reason=decision.reason + _missing_words(text, known))
    date_format = study_dates(known)
    if date_format is not None:
        reason = f"dates written as {date_format}" + _missing_words(text, known)
        return Decision(role=Role.DATETIME, reason=reason, date_format=date_format)
    return _decide_strings(text, target=target)


def _decide_number_text(known: pl.Series, numbers: NumberText, *, target: bool) -> Decision:
    values = read_numbers(known, numbers.notation)
    if numbers.whole and numbers.notation is Notation.POINT and exceeds_exact(values):
        return _decide_long_numbers(known, target=target)
    if numbers.whole:
        decision = _decide_whole(values, reason="whole numbers", target=target)
    else:
        decision = _decide_fractions(values, target=target)
    return replace(decision, notation=numbers.notation, reason=decision.reason + _notation_note(numbers))


def _decide_long_numbers(text: pl.Series, *, target: bool) -> Decision:
    decision = _decide_strings(text, target=target)
    return replace(decision, reason=f"numbers too long to be held exactly, kept as strings; {decision.reason}")


def _decide_strings(text: pl.Series, *, target: bool) -> Decision:
    present = text.drop_nulls()
    distinct, count = present.n_unique(), len(present)
    words = _mean_words(present)
    codes = has_leading_zeros(present) and bool(present.str.contains(r"^\d+$").all())
    zeros = "leading zeros would be lost in a number; " if codes else ""
    if not target and distinct > 1:
        identifier = string_identifier(present, words=words)
        if identifier is not None:
            return Decision(role=Role.IDENTIFIER, reason=zeros + identifier)
        if words >= TEXT_WORDS and distinct >= TEXT_DISTINCT * count:
            reason = f"{words:.1f} words on average, {distinct / count:.0%} of the strings differ"
            return Decision(role=Role.TEXT, reason=reason)
    return Decision(role=Role.CATEGORY, reason=f"{zeros}{distinct:,} different strings in {count:,}")


def _mean_words(present: pl.Series) -> float:
    mean = present.str.count_matches(r"\S+").mean()
    return float(mean) if isinstance(mean, (int, float)) else 0.0


def _missing_words(text: pl.Series, known: pl.Series) -> str:
    words = text.filter(text.is_not_null() & known.is_null()).unique(maintain_order=True)
    return f"; {_quoted(words.to_list())} means missing" if len(words) else ""


def _notation_note(numbers: NumberText) -> str:
    unit = f" with {numbers.unit}, which is taken off" if numbers.unit else ""
    return unit + _mark_note(numbers)


def _mark_note(numbers: NumberText) -> str:
    if numbers.strays:
        return f"; {_quoted(numbers.strays)} and the like count as missing"
    if numbers.ambiguous:
        return "; commas read as thousands separators, --decimal , makes them decimal marks"
    notes = {Notation.POINT: "", Notation.COMMA: " with a decimal comma", Notation.GROUPED: " with thousands commas"}
    return notes[numbers.notation]


def _quoted(words: list[str] | tuple[str, ...]) -> str:
    return ", ".join(repr(word[:30]) for word in words[:3])
