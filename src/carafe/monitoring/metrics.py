"""The observer that counts: each thread in cells of its own, of which figures are made when somebody asks."""

from __future__ import annotations

import os
import platform
import weakref
from bisect import bisect_left
from collections.abc import Callable, Collection
from threading import Lock, get_ident

from carafe._version import __version__
from carafe.errors import CarafeError
from carafe.monitoring import figures
from carafe.monitoring.figures import OTHERS, SECONDS, SIZES, Figure
from carafe.monitoring.shadows import ShadowTally
from carafe.monitoring.snapshot import Series, Snapshot
from carafe.monitoring.tally import Key, Tally
from carafe.monitoring.unseen import unseen_by_column
from carafe.schema import ModelRef
from carafe.serving import Answered, Finished, Looked, Observer, Run, Served, Shadowed

MOST_SERIES = 10_000
"""How many series of what is rare a process tells apart; further ones are gathered."""

Count = Callable[[Figure, tuple[str, ...], float], None]
"""Adds to a counter of something rare: which, by what labels, how much."""

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""The methods that are told by name; a client may invent others."""

_SECONDS = len(SECONDS) + 1
_SIZES = len(SIZES) + 1
_WAITS = 3  # where the buckets of a run's cell begin, after the sums of waits, requests and rows
_REQUESTS = _WAITS + _SECONDS
_ROWS = _REQUESTS + _SIZES


class Metrics(Observer):
    """Counts what happens in this process. Safe to use from any number of threads.

    Args:
        began: called now and then while there is something to count, so that whoever tells the figures can begin.
        kept: adds gauges that others keep.
    """

    def __init__(
        self, *, began: Callable[[], object] = lambda: None, kept: Callable[[Snapshot], None] = lambda _: None
    ) -> None:
        self._kept = kept
        self._requests = Tally(width=2 + _SECONDS, fold=_fold_request, began=began)
        self._runs = Tally(width=_ROWS + _SIZES, fold=_fold_version, began=began)
        self._looks = Tally(width=2, fold=_fold_version, began=began)
        self._shadows = ShadowTally(began=began)
        self._waiting: dict[tuple[str, int], int] = {}
        self._loaded: set[Served] = set()
        self._began = began
        self._lock = Lock()
        self._rare = Snapshot(worker="")
        _begin_anew_after_fork(self)

    def finished(self, event: Finished) -> None:
        """Count a request: the hottest lines of this room."""
        served = event.served
        if served is None:
            name, number = "", 0
        else:
            name, number = served.name, served.number
        status = event.status
        method = event.method if status < 400 or event.method in METHODS else OTHERS
        key = (get_ident(), name, number, event.protocol, event.route, method, status, event.slug)
        cell = self._requests.cells.get(key) or self._requests.open(key)
        seconds = event.seconds
        cell[0] += seconds
        cell[1] += event.rows
        cell[bisect_left(SECONDS, seconds) + 2] += 1

    def ran(self, event: Run) -> None:
        """Count a run, and remember how many wait for the next."""
        key = (get_ident(), event.name, event.number)
        cell = self._runs.cells.get(key) or self._runs.open(key)
        cell[0] += event.waited
        cell[1] += event.requests
        cell[2] += event.rows
        cell[bisect_left(SECONDS, event.waited) + _WAITS] += 1
        cell[bisect_left(SIZES, event.requests) + _REQUESTS] += 1
        cell[bisect_left(SIZES, event.rows) + _ROWS] += 1
        self._waiting[event.name, event.number] = event.waiting

    def looked(self, event: Looked) -> None:
        """Count the rows that a cache had and had not."""
        key = (get_ident(), event.name, event.number)
        cell = self._looks.cells.get(key) or self._looks.open(key)
        cell[0] += event.hits
        cell[1] += event.misses

    def shadowed(self, event: Shadowed) -> None:
        """Count what came of a request that was put before a shadow."""
        self._shadows.count(event)

    def met_unseen(self, event: Answered) -> None:
        """Count unseen categories by column."""
        response = event.response
        for column, count in unseen_by_column(response.signature, event.request.rows):
            self.count(figures.UNSEEN, (response.name, str(response.version), column), count)

    def failed(self, served: Served, error: CarafeError) -> None:
        """Count a failure of a model."""
        del error
        self.count(figures.FAILURES, (served.name, str(served.number)))

    def turned_away(self, name: str, number: int, error: CarafeError) -> None:
        """Count a request that a full queue refused."""
        del error
        self.count(figures.TURNED_AWAY, (name, str(number)))

    def cache_lost(self, error: Exception) -> None:
        """Count that the shared cache did not answer."""
        del error
        self.count(figures.CACHE_LOST, ())

    def loaded(self, served: Served, seconds: float) -> None:
        """Count a load, and remember what is loaded."""
        with self._lock:
            self._loaded.add(served)
            labels = self._bounded(figures.LOADS, (served.name, str(served.number)), self._rare.spreads)
            self._rare.spread(figures.LOADS, labels, (seconds, 1))
        self._began()

    def dropped(self, served: Served) -> None:
        """Remember that a version is loaded no more."""
        with self._lock:
            self._loaded.discard(served)
        self._waiting.pop((served.name, served.number), None)

    def load_failed(self, name: str, number: int, error: CarafeError) -> None:
        """Count a version that could not be loaded."""
        self.count(figures.LOAD_FAILURES, (name, str(number), error.slug))

    def misfit(self, ref: ModelRef, number: int, error: CarafeError) -> None:
        """Count a version that is not loaded because it does not fit beside others."""
        self.load_failed(ref.name, number, error)

    def swapped(self, alias: str, old: Served, new: Served) -> None:
        """Count a swap."""
        del old
        self.count(figures.SWAPS, (new.name, alias.partition("@")[2]))

    def count(self, figure: Figure, labels: tuple[str, ...], amount: float = 1) -> None:
        """Add to a counter of something rare."""
        with self._lock:
            self._rare.count(figure, self._bounded(figure, labels, self._rare.counters), amount)
        self._began()

    def snapshot(self, *, worker: str) -> Snapshot:
        """Return all figures of this process, as of now."""
        snapshot = Snapshot(worker=worker)
        with self._lock:
            snapshot.counters |= self._rare.counters
            snapshot.spreads |= self._rare.spreads
            loaded = {(served.name, str(served.number)): served.bytes for served in self._loaded}
        for key, numbers in self._requests.totals().items():
            _tell_requests(snapshot, key, numbers)
        for key, numbers in self._runs.totals().items():
            _tell_runs(snapshot, key, numbers)
        for (name, number), (hits, misses) in self._looks.totals().items():
            snapshot.count(figures.CACHE_ROWS, (str(name), str(number), "hit"), hits)
            snapshot.count(figures.CACHE_ROWS, (str(name), str(number), "miss"), misses)
        self._shadows.tell(snapshot)
        waiting = {(name, str(number)): count for (name, number), count in list(self._waiting.items())}
        for version, size in loaded.items():
            snapshot.gauge(figures.LOADED, version, 1)
            snapshot.gauge(figures.LOADED_BYTES, version, size)
            if version in waiting:  # a version may have run once more after it was dropped
                snapshot.gauge(figures.WAITING, version, waiting[version])
        self._kept(snapshot)
        snapshot.gauge(figures.BUILD, (__version__, platform.python_version()), 1)
        snapshot.gauge(figures.WORKERS, (), 1)
        return snapshot

    @staticmethod
    def _bounded(figure: Figure, labels: tuple[str, ...], known: Collection[Series]) -> tuple[str, ...]:
        """Return the labels under which something rare is told: those of others, where there are too many."""
        if len(known) < MOST_SERIES or (figure.name, labels) in known:
            return labels
        return (OTHERS,) * len(labels)

    def begin_anew(self) -> None:
        """Forget what was counted, but not what is loaded: in a forked process, whose parent tells the rest."""
        self._lock = Lock()
        for tally in (self._requests, self._runs, self._looks):
            tally.forget()
        self._shadows.forget()
        self._rare = Snapshot(worker="")


def _tell_requests(snapshot: Snapshot, key: Key, numbers: list[float]) -> None:
    name, number, protocol, route, method, status, slug = map(_text, key)
    seconds, rows, *buckets = numbers
    requests = sum(buckets)
    snapshot.count(figures.REQUESTS, (method, route or OTHERS, status), requests)
    version = (name, number) if name else ("", "")
    if slug:
        snapshot.count(figures.ERRORS, (slug, *version), requests)
    if name:
        snapshot.count(figures.MODEL_REQUESTS, (*version, protocol, status), requests)
        snapshot.count(figures.ROWS, (*version, protocol), rows)
        snapshot.spread(figures.DURATION, (*version, protocol), (seconds, *buckets))


def _tell_runs(snapshot: Snapshot, key: Key, numbers: list[float]) -> None:
    version = (str(key[0]), str(key[1]))
    waited, requests, rows = numbers[:_WAITS]
    snapshot.spread(figures.BATCH_WAIT, version, (waited, *numbers[_WAITS:_REQUESTS]))
    snapshot.spread(figures.BATCH_REQUESTS, version, (requests, *numbers[_REQUESTS:_ROWS]))
    snapshot.spread(figures.BATCH_ROWS, version, (rows, *numbers[_ROWS:]))


def _text(part: object) -> str:
    return "" if part is None else str(part)


def _fold_request(key: Key) -> Key:
    """Return the key under which a request is counted when there are too many models to tell apart."""
    return (OTHERS, OTHERS, *key[2:])


def _fold_version(key: Key) -> Key:
    return (OTHERS,) * len(key)


def _begin_anew_after_fork(metrics: Metrics) -> None:
    known = weakref.ref(metrics)

    def begin_anew() -> None:
        inherited = known()
        if inherited is not None:
            inherited.begin_anew()

    os.register_at_fork(after_in_child=begin_anew)
