"""How to tell a column that only names its row from one that says something about it."""

from __future__ import annotations

import re

import polars as pl

NEARLY_DISTINCT = 0.95
"""From this share of distinct values on, a column named like an identifier is one."""

ROW_NUMBERS = 50
"""A column that counts the rows must have this many to be taken for their number whatever it is called."""

_ANYWHERE = frozenset({"id", "ids", "uuid", "guid", "oid", "rownum", "rowid", "unnamed"})
_LAST = frozenset({"index", "idx", "key", "pk", "no", "nr", "number", "ref", "reference", "code", "serial"})
_TIMES = frozenset(
    {"year", "month", "week", "day", "hour", "minute", "second", "time", "date", "t", "step", "period", "age"}
)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def named_like_identifier(name: str) -> bool:
    """Tell whether a column is called like an identifier: ``PassengerId``, ``customer_id``, ``order no``."""
    words = _words(name)
    return bool(words) and (not _ANYWHERE.isdisjoint(words) or words[-1] in _LAST)


def named_like_time(name: str) -> bool:
    """Tell whether a column is called like a time or an age, which may well count up by one."""
    return not _TIMES.isdisjoint(_words(name))


def counts_rows(values: pl.Series) -> bool:
    """Tell whether whole numbers without gaps count the rows in their order, from 0 or 1."""
    return (
        len(values) >= ROW_NUMBERS
        and values.null_count() == 0
        and values[0] in {0, 1}
        and bool((values.diff().drop_nulls() == 1).all())
    )


def whole_number_identifier(values: pl.Series) -> str | None:
    """Return why a column of whole numbers is an identifier; None where it is not."""
    present = values.drop_nulls()
    share = present.n_unique() / max(len(present), 1)
    if len(present) > 1 and share >= NEARLY_DISTINCT and named_like_identifier(values.name):
        return f"{_share(share)} are different, and it is named like an identifier"
    if counts_rows(values) and not named_like_time(values.name):
        return "counts the rows"
    return None


def string_identifier(present: pl.Series, *, words: float) -> str | None:
    """Return why a column of strings, ``words`` words long on average, is an identifier; None where it is not."""
    distinct = present.n_unique()
    if distinct == len(present) and words < 1.5:
        return "every value is different"
    share = distinct / len(present)
    if share >= NEARLY_DISTINCT and named_like_identifier(present.name):
        return f"{_share(share)} are different, and it is named like an identifier"
    return None


def _share(share: float) -> str:
    return "all values" if share == 1 else f"{share:.1%} of the values"


def _words(name: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(name)]
