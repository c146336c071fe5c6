"""All figures of a process at one moment, and what several processes say together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec

from carafe.monitoring.figures import BY_NAME, Figure, Merge

Series = tuple[str, tuple[str, ...]]
"""A figure's name and its label values."""


class Snapshot(msgspec.Struct, kw_only=True):
    """Counters and gauges hold one number a series; histograms and summaries their sum, then a count for each bucket.

    A summary has a single bucket.
    """

    worker: str
    """The process: its identifier and when it began, so that no later process is taken for it."""
    counters: dict[Series, float] = msgspec.field(default_factory=dict)
    gauges: dict[Series, float] = msgspec.field(default_factory=dict)
    spreads: dict[Series, list[float]] = msgspec.field(default_factory=dict)

    def count(self, figure: Figure, labels: tuple[str, ...], amount: float) -> None:
        """Add to a counter."""
        series = (figure.name, labels)
        self.counters[series] = self.counters.get(series, 0) + amount

    def gauge(self, figure: Figure, labels: tuple[str, ...], value: float) -> None:
        """Set a gauge."""
        self.gauges[figure.name, labels] = value

    def spread(self, figure: Figure, labels: tuple[str, ...], numbers: Sequence[float]) -> None:
        """Add a sum and the counts of its buckets to a histogram or summary."""
        _add(self.spreads, (figure.name, labels), numbers)


def _add(spreads: dict[Series, list[float]], series: Series, numbers: Sequence[float]) -> None:
    known = spreads.get(series)
    spreads[series] = [a + b for a, b in zip(known, numbers, strict=True)] if known else list(numbers)


def merged(snapshots: Iterable[Snapshot], *, worker: str) -> Snapshot:
    """Return what the snapshots say together: counts are added, gauges as each figure declares."""
    together = Snapshot(worker=worker)
    gauges: dict[Series, list[float]] = {}
    for snapshot in snapshots:
        for series, number in snapshot.counters.items():
            together.counters[series] = together.counters.get(series, 0) + number
        for series, numbers in snapshot.spreads.items():
            _add(together.spreads, series, numbers)
        for series, number in snapshot.gauges.items():
            gauges.setdefault(series, []).append(number)
    together.gauges = {series: _MERGES[BY_NAME[series[0]].merge](numbers) for series, numbers in gauges.items()}
    return together


_MERGES: dict[Merge, Callable[[Iterable[float]], float]] = {Merge.SUM: sum, Merge.LEAST: min, Merge.MOST: max}
