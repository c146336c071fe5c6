"""What encoding a column gives, and the way back to single values for those that are in doubt."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from carafe.errors import FieldProblem
from carafe.schema import Column
from carafe.schema.rows import dtype_of
from carafe.schema.values import Refused, encode_value, expected_of, shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """A column as Rows hold it, and its problems; where a row has one, the array holds anything."""

    array: NDArray[Any]
    problems: list[FieldProblem]


def settle(column: Column, array: NDArray[Any], doubtful: Iterable[int], value_at: Callable[[int], object]) -> Encoded:
    """Decide the rows in doubt one by one, and return the column.

    Args:
        column: what the values are to fit.
        array: the other rows, encoded; the doubtful ones are filled in.
        doubtful: the rows in doubt.
        value_at: returns the value of a row as a record would hold it.
    """
    problems: list[FieldProblem] = []
    for row in doubtful:
        value = value_at(row)
        try:
            array[row] = encode_value(column, value)
        except Refused as refusal:
            expected = str(refusal) or expected_of(column)
            problems.append(FieldProblem(row=int(row), field=column.name, got=shown(value), expected=expected))
    return Encoded(array=array, problems=problems)


def one_by_one(column: Column, values: list[object]) -> Encoded:
    """Return a column of which every value is in doubt."""
    return settle(column, np.empty(len(values), dtype=dtype_of(column.kind)), range(len(values)), values.__getitem__)
