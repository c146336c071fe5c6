"""Fields of CSV: every value is text, and a blank is a missing value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from carafe.jobs.scoring.encode.column import Encoded, settle
from carafe.jobs.scoring.encode.moments import read_moments
from carafe.protocols.native_csv import field_value
from carafe.schema import Column, Kind
from carafe.schema.values import EXACT_INTEGER
from carafe.tables.numbers import Notation, pointed

_NUMBER = r"^\s*[+-]?[\d.]+(?:,\d*)?\s*$"
"""What may be a number with a decimal comma."""

_CLOSE = r"^[\s\x1c-\x1f+.\d-]"
"""How whatever reads as a number begins, of which a numbered category may be written; digits alone are no doubt."""

_SPACE = r"^[\s\x1c-\x1f]*$"
"""What Python calls white space; the regular expressions of polars leave four separators out."""


def encode_texts(column: Column, texts: pl.Series, *, nulls: Sequence[str] = (), decimal: str = ".") -> Encoded:
    """Return the column of these fields, as ``decode_csv`` takes them in a request.

    Args:
        column: what they are to fit.
        texts: strings; null where a field is empty.
        nulls: words that stand for a missing value.
        decimal: the decimal mark of the numbers.
    """
    known = texts.set(texts.is_in(nulls).fill_null(value=False), None) if nulls else texts
    if decimal == "," and column.kind in {Kind.NUMBER, Kind.INTEGER}:
        known = pointed(known, Notation.COMMA)
    elif decimal == "," and column.is_numbered:
        known = pointed(known, Notation.COMMA).zip_with(known.str.contains(_NUMBER).fill_null(value=False), known)
    array, doubtful = _ENCODERS[column.kind](column, known)
    if not doubtful.any():
        return Encoded(array=array, problems=[])
    if column.nullable:
        doubtful &= ~_blank(column, known)  # already as a missing value is held
    return settle(column, array, np.flatnonzero(doubtful), lambda row: field_value(column, known[int(row)] or ""))


def _blank(column: Column, texts: pl.Series) -> NDArray[np.bool_]:
    empty = texts == "" if column.kind is Kind.TEXT else texts.str.contains(_SPACE)
    blank: NDArray[np.bool_] = empty.fill_null(value=True).to_numpy()
    return blank


def _numbers(column: Column, texts: pl.Series) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Doubt what is no number, and whole numbers that a double may not hold exactly."""
    numbers = texts.cast(pl.Float64, strict=False).to_numpy(writable=True)
    doubtful = ~(np.abs(numbers) < EXACT_INTEGER)  # NaN is, too
    if column.kind is Kind.INTEGER:
        doubtful |= numbers != np.rint(numbers)
    return numbers, doubtful


def _truths(_column: Column, texts: pl.Series) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    lower = texts.str.to_lowercase()
    true, false = ((lower == word).fill_null(value=False).to_numpy() for word in ("true", "false"))
    return np.where(true, 1.0, np.where(false, 0.0, np.nan)), ~(true | false)


def _strings(column: Column, texts: pl.Series) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    array = np.array(texts.to_list(), dtype=object)
    blank = _blank(column, texts)
    array[blank] = None
    if not column.is_numbered:
        return array, blank
    doubtful = texts.str.contains(_CLOSE) & ~texts.str.contains(r"^[0-9]{1,16}$")
    return array, blank | doubtful.fill_null(value=False).to_numpy()


def _moments(_column: Column, texts: pl.Series) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    return read_moments(texts)


_ENCODERS: dict[Kind, Callable[[Column, pl.Series], tuple[NDArray[Any], NDArray[np.bool_]]]] = {
    Kind.NUMBER: _numbers,
    Kind.INTEGER: _numbers,
    Kind.BOOLEAN: _truths,
    Kind.CATEGORY: _strings,
    Kind.TEXT: _strings,
    Kind.DATETIME: _moments,
}
"""For each kind: the column, encoded as well as can be done at once, and which of its rows are in doubt."""
