"""The columns' names: how many there may be, that they differ, and what someone may have meant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from difflib import get_close_matches

import polars as pl

from carafe.errors import UnknownColumn, UnreadableTable

MAX_COLUMNS = 10_000
"""The most columns of a table: beyond, it holds something else than one fact a column."""


def check_names(names: Sequence[str]) -> None:
    """Check the names in a header.

    Raises:
        UnreadableTable: when there is none, or too many, or one comes twice.
    """
    if not names:
        raise UnreadableTable("the table has no columns")
    if len(names) > MAX_COLUMNS:
        raise UnreadableTable(
            f"the table has {len(names):,} columns, at most {MAX_COLUMNS:,} are read: keep the columns you need, "
            "or turn it if its rows and columns are swapped"
        )
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        shown = ", ".join(repr(name) for name in twice[:10])
        raise UnreadableTable(
            f"column names must differ, these come more than once: {shown}. "
            "Rename them; if the first line is no header, put one before it"
        )


def check_columns(frame: pl.DataFrame) -> None:
    """Check that a table has columns, not too many, and rows.

    Raises:
        UnreadableTable: when it has not.
    """
    check_names(frame.columns)
    if not frame.height:
        raise UnreadableTable("the table has a header but no rows")


def require_column(names: Sequence[str], name: str) -> None:
    """Check that there is a column called ``name``.

    Raises:
        UnknownColumn: when there is none; suggests names that look like it.
    """
    if name in names:
        return
    folded = {known.casefold(): known for known in names}
    near = [folded[match] for match in get_close_matches(name.casefold(), folded, n=3)]
    hint = f"did you mean {' or '.join(map(repr, near))}?" if near else f"it has: {', '.join(names[:20])}"
    raise UnknownColumn(f"there is no column {name!r}; {hint}")
