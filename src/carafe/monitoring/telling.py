"""The figures of all workers, told by whichever of them is asked."""

from __future__ import annotations

import logging
import os
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from carafe.monitoring.exposition import expose
from carafe.monitoring.metrics import Metrics
from carafe.monitoring.process import add_use, identity
from carafe.monitoring.snapshot import Snapshot
from carafe.monitoring.workers import Workers, server_folder

REWRITE_SECONDS = 10.0
"""After how long a snapshot is written again although nothing was counted: memory and processor time change."""

_LOG = logging.getLogger("carafe.monitoring")
_instances: Counter[Path] = Counter()


@dataclass(slots=True, eq=False)
class _Joined:
    """One process's place among the workers."""

    worker: str
    workers: Workers | None
    """None where they can't be met: then a worker tells its own figures alone."""
    lock: Lock = field(default_factory=Lock)
    written: Snapshot | None = None
    when: float = 0.0


class Telling:
    """Writes this worker's snapshot for the others, and tells what all of them say together.

    Args:
        metrics: what is counted in this process.
        home: the home that is served; with the parent process it says which workers belong together.
    """

    def __init__(self, metrics: Metrics, *, home: Path) -> None:
        self._metrics = metrics
        self._home = home
        self._instance = _instances[home]
        _instances[home] += 1
        self._joined: dict[int, _Joined] = {}

    def round(self) -> None:
        """Write the snapshot where it has changed."""
        joined = self._join()
        with joined.lock:
            self._write(joined, self._metrics.snapshot(worker=joined.worker))

    def tell(self, *, may_see: Callable[[str], bool] = lambda _: True) -> bytes:
        """Return the figures of all workers in Prometheus's text format.

        Args:
            may_see: whether whoever asks may see the model of this name.
        """
        return expose(self.together(), may_see=may_see)

    def together(self) -> Snapshot:
        """Return the figures of all workers: this one's as of now, others' a second old."""
        joined = self._join()
        with joined.lock:
            own = self._metrics.snapshot(worker=joined.worker)
            with suppress(OSError):  # the background thread tells the log
                self._write(joined, own)
        add_use(own)
        return joined.workers.together(own) if joined.workers else own

    def _write(self, joined: _Joined, snapshot: Snapshot) -> None:
        now = time.monotonic()
        if joined.workers is None or (snapshot == joined.written and now < joined.when + REWRITE_SECONDS):
            return
        told = Snapshot(
            worker=snapshot.worker,
            counters=dict(snapshot.counters),
            gauges=dict(snapshot.gauges),
            spreads=snapshot.spreads,
        )
        add_use(told)
        joined.workers.write(told)
        joined.written, joined.when = snapshot, now

    def _join(self) -> _Joined:
        """Return this process's place; a forked child takes one of its own."""
        process = os.getpid()
        joined = self._joined.get(process)
        if joined is None:
            workers: Workers | None = Workers(server_folder(self._home, instance=self._instance))
            joined = _Joined(worker=identity() or str(process), workers=workers)
            joined = self._joined.setdefault(process, joined)
            with joined.lock:
                self._meet(joined)
        return joined

    def _meet(self, joined: _Joined) -> None:
        try:
            if joined.workers is not None:
                joined.workers.join()
        except OSError as error:
            joined.workers = None
            _LOG.warning("/metrics tells the figures of one worker at a time, because they can't meet: %s", error)
