"""What a model says to many rows: its answers, and which rows it refuses, each row as if it had been asked alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from carafe.errors import MissingExtra, PredictionFailed
from carafe.models.model import Model
from carafe.schema import Rows, Signature
from carafe.schema.rows import Record

_FEW = 16
"""So few rows, one of which is refused, are asked one by one; more are halved."""

Part = Callable[[int, int], Rows]
"""From the first and the last but one of some positions to those rows."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answers:
    """One answer a row: ``values`` of shape (n,) and ``probabilities`` of shape (n, k) or None; NaN where refused.

    ``silent`` are the rows, of shape (n,), that are answered with something that no client gets: no finite number.
    """

    values: NDArray[np.float64]
    probabilities: NDArray[np.float64] | None
    refusals: Mapping[int, Exception]
    silent: NDArray[np.bool_]


def ask(model: Model, part: Part, *, count: int, most: int, classes: int) -> Answers:
    """Ask a model about rows, some of which it may refuse, at most ``most`` at a time.

    An answer that is no finite number counts as a failure, as it does for whoever serves it. Rows that are refused in
    company are asked in ever smaller parts, until each is answered or refused alone.

    Args:
        model: whoever is asked.
        part: the rows.
        count: how many there are.
        most: how many are asked together.
        classes: of how many classes to ask for probabilities, 0 = none are asked for.

    Raises:
        MissingExtra: when the model needs a library that is not installed; nothing else that it raises.
    """
    values = np.full(count, np.nan)
    chances = np.full((count, classes), np.nan) if classes else None
    refusals: dict[int, Exception] = {}
    waiting = [(start, min(start + most, count)) for start in range(0, count, most)]
    while waiting:
        start, end = waiting.pop()
        try:
            answer = model.predict(part(start, end), probabilities=classes > 0)
        except MissingExtra:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it raises is what it says to these rows
            if end - start == 1:
                refusals[start] = error
            waiting += _smaller(start, end)
            continue
        values[start:end] = answer.values
        if chances is not None:
            chances[start:end] = answer.probabilities
    unsound = ~np.isfinite(values) if chances is None else ~(np.isfinite(values) & np.isfinite(chances).all(axis=1))
    unsound[list(refusals)] = False
    for row in np.flatnonzero(~np.isfinite(values)).tolist():
        refusals.setdefault(row, PredictionFailed("the model answers with no finite number"))
    return Answers(values=values, probabilities=chances, refusals=refusals, silent=unsound)


def of_columns(rows: Rows) -> Part:
    """Return parts of rows column by column, as a model is asked about many."""
    return lambda start, end: rows.take(slice(start, end))


def of_records(signature: Signature, records: Sequence[Record]) -> Part:
    """Return parts of rows one by one, as a model is asked about few."""
    return lambda start, end: Rows.of_records(signature, records[start:end])


def _smaller(start: int, end: int) -> list[tuple[int, int]]:
    if end - start == 1:
        return []
    step = 1 if end - start <= _FEW else -(-(end - start) // 2)
    return [(first, min(first + step, end)) for first in range(start, end, step)]
