"""Categories found in a plan's tables: many at once as positions of entries, or one by a dictionary."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from carafe.errors import FieldProblem, PredictionFailed
from carafe.models.containers.objects import whole_number
from carafe.models.lowering.plan import Lookup
from carafe.schema.values import shown

Codes = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Finder:
    """Finds the entry of each value of a column; made once for a plan."""

    op: Lookup
    position: dict[Any, int]
    keys: NDArray[Any]
    order: Codes

    @classmethod
    def of(cls, op: Lookup) -> Finder:
        """Return what finds the entries of ``op``."""
        position: dict[Any, int] = {key: index for index, key in enumerate(op.keys)}
        position[None] = len(op.keys)
        keys = np.array([key for key in op.keys if not isinstance(key, str)], dtype=np.float64)
        return cls(op, position, keys, np.argsort(keys))

    def find(self, column: NDArray[Any]) -> Codes:
        """Return the position of each value's entry: that of its key, of missing or of unknown."""
        if column.dtype == object:
            found = map(self.position.get, column.tolist(), repeat(len(self.op.keys) + 1))
            return np.fromiter(found, dtype=np.intp, count=len(column))
        return self._find_numbers(column)

    def _find_numbers(self, column: NDArray[np.float64]) -> Codes:
        missing, unknown = len(self.op.keys), len(self.op.keys) + 1
        if not len(self.keys):
            return np.where(np.isnan(column), missing, unknown)
        rising = self.keys[self.order]
        place = np.minimum(np.searchsorted(rising, column), len(rising) - 1)
        known = np.where(rising[place] == column, self.order[place], unknown)
        return np.where(np.isnan(column), missing, known)

    def refused(self, column: NDArray[Any], codes: Codes) -> list[int]:
        """Return the rows whose value the fitted encoder raises an error for."""
        if not self.op.refused and not self.op.whole:
            return []
        suspects = {*self.op.refused, len(self.op.keys) + 1} if self.op.whole else {*self.op.refused}
        rows = np.flatnonzero(np.isin(codes, list(suspects))).tolist()
        return [row for row in rows if self.refuses(column[row], codes[row])]

    def refuses(self, value: object, entry: int) -> bool:
        """Tell whether the fitted encoder raises an error for this value, which has this entry."""
        return entry in self.op.refused or (self.op.whole and entry == len(self.op.keys) + 1 and not is_whole(value))

    def refuses_value(self, value: str | float | None) -> bool:
        """Tell whether the fitted encoder raises an error for a cell of a record, or for a number made of some."""
        if value is None or value != value:  # noqa: PLR0124 - NaN
            return len(self.op.keys) in self.op.refused
        return self.refuses(value, self.position.get(value, len(self.op.keys) + 1))

    def problem(self, name: str, row: int, value: object) -> FieldProblem:
        """Return the story of a value that is refused."""
        known = [key for index, key in enumerate(self.op.keys) if index not in self.op.refused]
        listed = ", ".join(sorted(map(_plain, known))[:20])
        expected = f"one of the values it was fitted on: {listed}"
        return FieldProblem(row=row, field=name, got=shown(value), expected=expected)

    def failure(self, value: str | float | None) -> PredictionFailed:
        """Return the error for a number, or for a missing value, that the fitted encoder does not know."""
        got = shown(value if value is None or isinstance(value, str) else float(value))
        return PredictionFailed(f"the model fails on these rows: {got} is none of the values that it knows")


def is_whole(value: object) -> bool:
    """Tell whether a string names a whole number as JSON writes it."""
    try:
        whole_number(str(value))
    except ValueError:
        return False
    return True


def _plain(key: str | float) -> str:
    return key if isinstance(key, str) else f"{int(key)}" if math.isfinite(key) and key == int(key) else f"{key:g}"
