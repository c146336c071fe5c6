"""Values of JSON: each has a type of its own."""

from __future__ import annotations

import numpy as np

from carafe.jobs.scoring.encode.column import Encoded, one_by_one, settle
from carafe.schema import Column, Kind
from carafe.schema.values import EXACT_INTEGER

_NONE = type(None)
_NUMBERS = frozenset({float, int, _NONE})
_STRINGS = frozenset({str, _NONE})


def encode_values(column: Column, values: list[object]) -> Encoded:
    """Return the column of these values, as ``decode_json`` takes them in a request."""
    types = set(map(type, values))
    if column.kind in {Kind.NUMBER, Kind.INTEGER} and types <= _NUMBERS:
        return _numbers(column, values)
    if column.kind is Kind.BOOLEAN and types <= {bool}:
        return Encoded(array=np.array(values, dtype=np.float64), problems=[])
    if column.kind in {Kind.CATEGORY, Kind.TEXT} and types <= _STRINGS and (column.nullable or _NONE not in types):
        return Encoded(array=np.array(values, dtype=object), problems=[])
    return one_by_one(column, values)


def _numbers(column: Column, values: list[object]) -> Encoded:
    try:
        numbers = np.array(values, dtype=np.float64)  # None becomes NaN
    except OverflowError:  # an integer beyond every double
        return one_by_one(column, values)
    doubtful = ~(np.abs(numbers) < EXACT_INTEGER)
    if column.kind is Kind.INTEGER:
        doubtful |= numbers != np.rint(numbers)
    return settle(column, numbers, np.flatnonzero(doubtful), values.__getitem__)
