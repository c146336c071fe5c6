"""Edge rows: what a client may send and training seldom saw, made of a signature and a sample of its rows.

Nulls, categories nobody met, bounds and their neighbours, the ends of doubles, of whole numbers and of the calendar.
All of them pass strict validation; a model may refuse them all the same.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import TypeVar

from carafe.models.golden import UNSEEN
from carafe.schema import Column, Kind, Rows, Signature
from carafe.schema.rows import Cell, Record, records_of
from carafe.schema.values import shown

MOST = 600
"""About how many rows there are at most in which one column is at an edge: of many columns each has fewer."""

MIXED = 60
"""How many rows there are in which several columns are at moderate edges together."""

BORDERS = 1000
"""The most thresholds whose neighbours are asked about; of more, every so many is taken."""

_THRESHOLDS = 6
"""How many of a column's thresholds are edges like others."""

_T = TypeVar("_T")

_CATEGORIES = 24
"""How many of a column's own categories are asked about."""

_NUMBERS = (
    *(0.0, -0.0, 1.0, -1.0, 0.1, 5e-324, -5e-324, 2.2e-308, 1e-40, 1e-300),
    *(float(2**24 + 1), float(2**53), -float(2**53), 1e15 + 0.3, 3.4028234e38, 3.5e38, -3.5e38),
    *(1e300, -1e300, 1.7976931348623157e308, -1.7976931348623157e308),
)
"""Numbers around zero, around the last whole one of single and of double precision, and at the ends of both."""

_INTEGERS = (0, 1, -1, 127, 128, 2**15, 2**24 + 1, 2**31 - 1, 2**31, -(2**31) - 1, 2**53 - 1, 2**53, -(2**53))

_WORDS = (
    "",
    " ",
    UNSEEN,
    "nan",
    "None",
    "null",
    "0",
    "1.0",
    "-1",
    "007",
    "\x00",
    "\u00e9",
    "e\u0301",
    "\U0001f600",
    "x" * 5000,
)
"""Strings that are none of a column's categories, or look like a missing one, or like a number."""

_MOMENTS = (
    *(0, -1, 1, 951_782_400_000_000, 4_107_456_000_000_000, -2_203_891_200_000_000),
    *(-62_135_596_800_000_000, 253_402_300_799_999_999, -9_223_372_036_854_775, 9_223_372_036_854_775),
    *(1_704_067_199_999_999, 1_704_067_200_000_000, 1_719_791_999_999_999),
)
"""Microseconds since 1970: its first ones; 2000-02-29, 2100-02-28 and 1900-03-01; the first and last of the calendar;
where nanoseconds end; the turns of 2024 and of its third quarter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edges:
    """Edge rows, and for each of them in a few words what is odd about it."""

    records: Sequence[Record]
    about: Sequence[str]


def edge_rows(signature: Signature, sample: Rows, *, thresholds: Mapping[int, Sequence[float]] | None = None) -> Edges:
    """Return edge rows, always the same for the same arguments.

    Args:
        signature: what the rows fit.
        sample: rows of the model; those that a client could send lend the values that are not at an edge.
        thresholds: for a column's position the numbers at which the model changes its mind.
    """
    bases = _bases(signature, sample)
    if not bases:
        return Edges(records=(), about=())
    most = max(1, MOST // len(signature.columns))
    values = [
        _some(_values(column, bases, index, _some((thresholds or {}).get(index, ()), _THRESHOLDS, 0)), most, index)
        for index, column in enumerate(signature.columns)
    ]
    single = _single(signature, bases, values)
    rows = [*single, *_whole(signature, bases), *_mixed(signature, bases)]
    return Edges(records=[record for record, _ in rows], about=[about for _, about in rows])


def border_rows(signature: Signature, sample: Rows, thresholds: Mapping[int, Sequence[float]]) -> Edges:
    """Return rows on both sides of many thresholds, each in one column of a row of the sample."""
    bases = _bases(signature, sample)
    pairs = [(index, threshold) for index, several in thresholds.items() for threshold in several]
    rows: list[_Row] = []
    for turn, (index, threshold) in enumerate(_some(pairs, BORDERS, 0) if bases else ()):
        base = bases[turn % len(bases)]
        near = _around(signature.columns[index], threshold)
        rows += [((*base[:index], value, *base[index + 1 :]), _called(signature, index, value)) for value in near]
    return Edges(records=[record for record, _ in rows], about=[about for _, about in rows])


def _called(signature: Signature, index: int, value: Cell) -> str:
    return f"{signature.names[index]} = {shown(value)}"


def _around(column: Column, threshold: float) -> Sequence[Cell]:
    """Return what the column may hold next to a number."""
    if column.kind is Kind.INTEGER:
        return [number for number in (math.floor(threshold), math.floor(threshold) + 1) if abs(number) <= 2**53]
    return list(_neighbours(threshold))


_Row = tuple[Record, str]


def _bases(signature: Signature, sample: Rows) -> list[Record]:
    """Return up to 64 rows of the sample that a client could send."""
    records = records_of(signature, sample.take(slice(None, None, max(1, sample.count // 64))))
    return [record for record in records if all(map(_is_sendable, signature.columns, record))][:64]


def _is_sendable(column: Column, cell: Cell) -> bool:
    return column.nullable if cell is None else not isinstance(cell, float) or math.isfinite(cell)


def _values(column: Column, bases: Sequence[Record], index: int, thresholds: Sequence[float]) -> list[Cell]:
    """Return one column's edge values."""
    met = [base[index] for base in bases if base[index] is not None]
    own: list[Cell] = [None] if column.nullable else []
    if column.kind is Kind.BOOLEAN:
        return [*own, False, True]
    if column.kind is Kind.CATEGORY:
        every = max(1, len(column.categories) // _CATEGORIES)
        known = [str(category) for category in column.categories[::every]]
        return [
            *own,
            *known,
            *_WORDS,
            *(change for word in known[:2] for change in (word.upper(), word.lower(), f"{word} ")),
        ]
    if column.kind is Kind.TEXT:
        return [*own, *_WORDS, *(change for text in met[:4] for change in _rewritten(str(text)))]
    if column.kind is Kind.DATETIME:
        ends = [int(end) + step for end in _ends(met) for step in (-1, 0, 1)]
        return [*own, *_MOMENTS, *(moment for moment in ends if _MOMENTS[6] <= moment <= _MOMENTS[7])]
    bounds = [bound for bound in (column.minimum, column.maximum) if bound is not None] or _ends(met)
    if column.kind is Kind.INTEGER:
        near = [int(bound) + step for bound in (*bounds, *thresholds) for step in (-1, 0, 1)]
        return [*own, *_INTEGERS, *(number for number in near if abs(number) <= 2**53)]
    near_numbers = [number for bound in (*bounds, *thresholds) for number in _neighbours(float(bound))]
    return [*own, *_NUMBERS, *near_numbers]


def _rewritten(text: str) -> Iterator[str]:
    """Yield a text with its words again, in other letters, in another order, and with marks that may be taken off."""
    yield f"{text} {text}\n{text}"
    yield text.upper()
    yield " ".join(reversed(text.split()))
    yield "\u0301".join(text[:200])
    yield text.replace("s", "\u017f").replace("i", "\u0130").replace(" ", "\u00a0")


def _some(values: Sequence[_T], most: int, turn: int) -> Sequence[_T]:
    """Return so many of the values, spread evenly; other ones for another column."""
    if len(values) <= most:
        return values
    return [values[(turn + index * len(values) // most) % len(values)] for index in range(most)]


def _ends(met: Sequence[Cell]) -> list[float]:
    numbers = [value for value in met if isinstance(value, (int, float))]
    return [min(numbers), max(numbers)] if numbers else []


def _neighbours(number: float) -> Iterator[float]:
    """Yield a number and those next to it, in double precision and some single-precision steps away."""
    step = abs(number) * 2.0**-23
    for near in (
        number,
        math.nextafter(number, -math.inf),
        math.nextafter(number, math.inf),
        number - step,
        number + step,
    ):
        if math.isfinite(near):
            yield near


def _single(signature: Signature, bases: Sequence[Record], values: Sequence[Sequence[Cell]]) -> Iterator[_Row]:
    """Yield rows of which one column is at an edge: the first value of each column, then the second of each."""
    turns = zip_longest(*values, fillvalue=_NOTHING)
    for turn, (index, value) in enumerate(chain.from_iterable(map(enumerate, turns))):
        if value is not _NOTHING:
            base = bases[turn % len(bases)]
            yield (*base[:index], value, *base[index + 1 :]), _called(signature, index, value)


_NOTHING: Cell = "carafe: no value"


def _whole(signature: Signature, bases: Sequence[Record]) -> Iterator[_Row]:
    """Yield rows of which every column that can be is at the same kind of edge."""
    base = bases[0]
    pairs = list(zip(signature.columns, base, strict=True))
    numeric = {Kind.NUMBER, Kind.INTEGER}
    yield [None if column.nullable else value for column, value in pairs], "every null that is allowed"
    yield [UNSEEN if column.kind is Kind.CATEGORY else value for column, value in pairs], "every category unseen"
    yield (
        [None if c.nullable else UNSEEN if c.kind is Kind.CATEGORY else value for c, value in pairs],
        "every null that is allowed, every other category unseen",
    )
    yield [0.0 if column.kind in numeric else value for column, value in pairs], "every number 0"
    for end, word in ((min, "smallest"), (max, "largest")):
        row = [
            end(numbers) if column.kind in numeric and (numbers := _ends([base[index] for base in bases])) else value
            for index, (column, value) in enumerate(pairs)
        ]
        yield row, f"every number the {word} of some given rows"


def _mixed(signature: Signature, bases: Sequence[Record]) -> Iterator[_Row]:
    """Yield rows of columns drawn from different rows, some of them null, unseen or zero."""
    draw = random.Random(0)  # noqa: S311 - the same rows for everybody, no secret
    for number in range(MIXED):
        row = [_drawn(column, draw.choice(bases)[index], draw) for index, column in enumerate(signature.columns)]
        yield row, f"mixture {number + 1}"


def _drawn(column: Column, value: Cell, draw: random.Random) -> Cell:
    chance = draw.random()
    if column.nullable and chance < 0.2:
        return None
    if column.kind is Kind.CATEGORY and chance < 0.5:
        return draw.choice([UNSEEN, *map(str, column.categories)])
    if column.kind is Kind.BOOLEAN and chance < 0.5:
        return not value
    return 0.0 if column.kind in {Kind.NUMBER, Kind.INTEGER} and chance < 0.3 else value
