"""What is counted of shadows: in cells that threads do not share, like everything on the path of a request."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from threading import get_ident

import msgspec

from carafe.monitoring import figures
from carafe.monitoring.figures import OTHERS, SECONDS
from carafe.monitoring.snapshot import Snapshot
from carafe.monitoring.tally import Key, Tally
from carafe.serving import Outcome, Shadowed
from carafe.serving.difference import RELATIVE, Difference

# Where the numbers stand in a cell: requests by outcome, then these, then the buckets.
_OUTCOMES = {outcome: place for place, outcome in enumerate(Outcome)}
_ROWS, _DIFFERENT, _MEASURED, _TOTAL, _LARGEST, _RELATIVE_TOTAL, _SPENT = range(len(Outcome), len(Outcome) + 7)
_SECONDS = _SPENT + 1
_RELATIVE = _SECONDS + len(SECONDS) + 1
_WIDTH = _RELATIVE + len(RELATIVE) + 1


class ShadowCounts(msgspec.Struct, frozen=True, kw_only=True):
    """What all workers have counted of a shadow since they began, beside one version that answered.

    ``asked`` counts requests: those that were ``compared``, that the shadow ``refused`` because it does not take their
    rows, that ``failed``, and that were ``dropped`` unasked. ``different`` counts rows, of ``rows`` compared ones: with
    another label, or a number that differs by more than a millionth of the larger one. The differences are absolute: in
    the target's unit, or of the probability that differs most where requests asked for probabilities; null where
    nothing was measured. ``seconds`` is how long the shadow took for a request, on average.
    """

    version: int
    shadow: int
    asked: int
    compared: int
    refused: int
    failed: int
    dropped: int
    rows: int
    different: int
    mean_difference: float | None
    largest_difference: float | None
    seconds: float | None


def shadow_counts(snapshot: Snapshot, *, name: str) -> tuple[ShadowCounts, ...]:
    """Return what a snapshot says of a model's shadows, in the order of the versions that answered, then shadows."""
    found = {
        (int(labels[1]), int(labels[2]))
        for figure, labels in snapshot.counters
        if figure == figures.SHADOW_REQUESTS.name and labels[0] == name
    }
    return tuple(_counts(snapshot, name, version, shadow) for version, shadow in sorted(found))


def _counts(snapshot: Snapshot, name: str, version: int, shadow: int) -> ShadowCounts:
    labels = (name, str(version), str(shadow))

    def number(figure: figures.Figure, result: str) -> int:
        return int(snapshot.counters.get((figure.name, (*labels, result)), 0))

    def mean(figure: figures.Figure) -> float | None:
        total, *buckets = snapshot.spreads.get((figure.name, labels), (0.0,))
        return total / sum(buckets) if sum(buckets) else None

    results = {outcome: number(figures.SHADOW_REQUESTS, outcome.value) for outcome in Outcome}
    different = number(figures.SHADOW_ROWS, "different")
    return ShadowCounts(
        version=version,
        shadow=shadow,
        asked=sum(results.values()),
        compared=results[Outcome.COMPARED],
        refused=results[Outcome.REFUSED],
        failed=results[Outcome.FAILED],
        dropped=results[Outcome.DROPPED],
        rows=different + number(figures.SHADOW_ROWS, "same"),
        different=different,
        mean_difference=mean(figures.SHADOW_ABSOLUTE),
        largest_difference=snapshot.gauges.get((figures.SHADOW_LARGEST.name, labels)),
        seconds=mean(figures.SHADOW_SECONDS),
    )


class ShadowTally:
    """Counts by model, version that answered and shadow. Safe to use from any number of threads.

    Args:
        began: called when there is something new to count.
    """

    def __init__(self, *, began: Callable[[], object]) -> None:
        self._tally = Tally(width=_WIDTH, fold=_fold, began=began)

    def count(self, event: Shadowed) -> None:
        """Count what came of one request."""
        key = (get_ident(), event.name, event.version, event.shadow)
        cell = self._tally.cells.get(key) or self._tally.open(key)
        cell[_OUTCOMES[event.outcome]] += 1
        if event.outcome is Outcome.DROPPED:
            return
        cell[_SPENT] += event.seconds
        cell[_SECONDS + bisect_left(SECONDS, event.seconds)] += 1
        if event.difference is not None:
            _add(cell, event.difference)

    def tell(self, snapshot: Snapshot) -> None:
        """Add the figures to a snapshot."""
        for key, cell in self._tally.totals().items():
            _tell(snapshot, (str(key[0]), str(key[1]), str(key[2])), cell)
        largest: dict[Key, float] = {}
        for key, cell in list(self._tally.cells.items()):
            if cell[_MEASURED]:
                largest[key[1:]] = max(largest.get(key[1:], 0.0), cell[_LARGEST])
        for (name, version, shadow), number in largest.items():
            snapshot.gauge(figures.SHADOW_LARGEST, (str(name), str(version), str(shadow)), number)

    def forget(self) -> None:
        """Begin at nothing: in a forked process, whose parent counts on for itself."""
        self._tally.forget()


def _add(cell: list[float], difference: Difference) -> None:
    cell[_ROWS] += difference.rows
    cell[_DIFFERENT] += difference.different
    cell[_MEASURED] += difference.measured
    cell[_TOTAL] += difference.total
    cell[_LARGEST] = max(cell[_LARGEST], difference.largest)
    cell[_RELATIVE_TOTAL] += difference.relative_total
    for place, count in enumerate(difference.relative, start=_RELATIVE):
        cell[place] += count


def _tell(snapshot: Snapshot, labels: tuple[str, str, str], cell: list[float]) -> None:
    for outcome, place in _OUTCOMES.items():
        snapshot.count(figures.SHADOW_REQUESTS, (*labels, outcome.value), cell[place])
    snapshot.count(figures.SHADOW_ROWS, (*labels, "same"), cell[_ROWS] - cell[_DIFFERENT])
    snapshot.count(figures.SHADOW_ROWS, (*labels, "different"), cell[_DIFFERENT])
    snapshot.spread(figures.SHADOW_SECONDS, labels, cell[_SPENT:_RELATIVE])
    if cell[_MEASURED]:
        snapshot.spread(figures.SHADOW_ABSOLUTE, labels, (cell[_TOTAL], cell[_MEASURED]))
    if any(cell[_RELATIVE:]):
        snapshot.spread(figures.SHADOW_RELATIVE, labels, (cell[_RELATIVE_TOTAL], *cell[_RELATIVE:]))


def _fold(key: Key) -> Key:
    """Return the key under which a shadow is counted when there are too many to tell apart."""
    return (OTHERS,) * len(key)
