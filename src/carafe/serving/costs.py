"""What a loaded model costs alone and in company, measured; and whether requests to it are worth gathering."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from carafe.models import Model
from carafe.schema import Column, Kind, Rows, Signature
from carafe.schema.rows import Record
from carafe.schema.values import Refused, encode_value

TOGETHER = 32
"""How many rows are asked about together."""

HAND_OVER = 50e-6
"""Seconds that waiting, waking and sharing out cost a request at most; a run must save more a row to be shared."""

CLEARLY = 0.5
"""A row in company may cost at most this share of a row alone."""

SLOW = 1e-3
"""From how many seconds for one row on a model is slow: requests to it are counted before they are let in."""

MOST_REPEATS = 5
MOST_SECONDS = 0.02
"""How often a cost is measured, and for how long; the lowest counts, as everything else on a machine only adds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """Seconds that a model takes for one row alone, and for TOGETHER rows in one call."""

    alone: float
    together: float

    @property
    def favour_batches(self) -> bool:
        """Whether a row in company is so much cheaper that requests should share runs."""
        shared = self.together / TOGETHER
        return shared <= CLEARLY * self.alone and self.alone - shared >= HAND_OVER


def measure(model: Model, *, clock: Callable[[], float] = time.perf_counter) -> Costs | None:
    """Ask a model about rows made up from its signature; None where it refuses them or fails.

    What a model costs hardly depends on the values; where it does, batches are favoured or not by what the training
    table's examples, bounds and categories cost.
    """
    try:
        records = list(example_records(model.signature, TOGETHER))
        return Costs(
            alone=_lowest(model, records[:1], clock=clock),
            together=_lowest(model, records, clock=clock),
        )
    except Exception:  # noqa: BLE001 - whatever a model raises on made-up rows, it may answer real ones
        return None


def example_records(signature: Signature, count: int) -> Iterator[Record]:
    """Yield records that fit a signature, made of its examples, bounds and categories in turn."""
    each = [_examples(column) for column in signature.columns]
    for index in range(count):
        yield [values[index % len(values)] for values in each]


def _lowest(model: Model, records: list[Record], *, clock: Callable[[], float]) -> float:
    lowest = spent = 0.0
    for repeat in range(MOST_REPEATS):
        rows = Rows.of_records(model.signature, records)  # anew: arrays that were made of them are kept
        began = clock()
        model.predict(rows)
        seconds = clock() - began
        lowest = min(lowest, seconds) if repeat else seconds
        spent += seconds
        if spent >= MOST_SECONDS:
            break
    return lowest


_PLAIN: dict[Kind, object] = {
    Kind.NUMBER: 1.0,
    Kind.INTEGER: 1,
    Kind.BOOLEAN: True,
    Kind.CATEGORY: "",
    Kind.TEXT: "a few words of text",
    Kind.DATETIME: "2024-05-01",
}


def _examples(column: Column) -> list[Any]:
    """Return values of a column as records hold them; at least one."""
    known = [*column.categories[:TOGETHER], column.example, column.minimum, column.maximum]
    found = [_cell(column, value) for value in known if value is not None and _fits(column, value)]
    return found or [_cell(column, _PLAIN[column.kind])]


def _fits(column: Column, value: object) -> bool:
    try:
        encode_value(column, value)
    except Refused:
        return False
    return True


def _cell(column: Column, value: object) -> object:
    encoded = encode_value(column, value)
    return int(encoded.astype("int64")) if isinstance(encoded, np.datetime64) else encoded
