"""The thread on which monitoring does what must not hold up a request: writing."""

from __future__ import annotations

import logging
import os
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.util import Finalize
from threading import Event, Thread

from carafe.errors import CarafeError

INTERVAL = 1.0
"""Seconds between two rounds, unless somebody wakes the thread earlier."""

_LOG = logging.getLogger("carafe.monitoring")

Round = Callable[[], None]


@dataclass(slots=True, eq=False)
class _Running:
    """The thread of one process; a forked child inherits neither it nor, for sure, the state of its events."""

    thread: Thread | None = None
    finalize: Finalize | None = None
    woken: Event = field(default_factory=Event)
    stopped: bool = False


class Background:
    """Does its rounds every second. Starts when it is first needed, and again in a forked child.

    Args:
        interval: seconds between two rounds.
        name: of the thread.
    """

    def __init__(self, *, interval: float = INTERVAL, name: str = "carafe-monitoring") -> None:
        self._name = name
        self._rounds: list[Round] = []
        self._interval = interval
        self._failing: set[int] = set()
        self._running: dict[int, _Running] = {}

    def add(self, each: Round) -> None:
        """Do this in each round, and a last time when the process ends. What it raises is logged once in a row.

        What was foreseen, a CarafeError, is logged in one line, as a database that is away says all there is; anything
        else with its traceback.
        """
        self._rounds.append(each)

    def ensure(self) -> None:
        """Start the thread in this process unless it runs."""
        process = os.getpid()
        if process in self._running:
            return
        running = _Running()
        if self._running.setdefault(process, running) is running:  # of two threads that come at once, one starts it
            running.thread = Thread(target=self._run, args=(running,), name=self._name, daemon=True)
            running.thread.start()
            running.finalize = _at_exit(self)

    def wake(self) -> None:
        """Let the next round begin now."""
        running = self._running.get(os.getpid())
        if running is not None:
            running.woken.set()

    def stop(self) -> None:
        """Do a last round and end the thread, for good in this process."""
        running = self._running.get(os.getpid())
        if running is None or running.thread is None or running.stopped:
            return
        running.stopped = True
        running.woken.set()
        running.thread.join(timeout=10)
        if running.finalize is not None:
            running.finalize.cancel()

    def _run(self, running: _Running) -> None:
        last = False
        while not last:
            running.woken.wait(self._interval)
            running.woken.clear()
            last = running.stopped
            for number, each in enumerate(self._rounds):
                self._try(number, each)

    def _try(self, number: int, each: Round) -> None:
        try:
            each()
            self._failing.discard(number)
        except Exception as error:  # noqa: BLE001 - whatever fails, the other rounds go on
            if number not in self._failing:
                self._failing.add(number)
                trace = None if isinstance(error, CarafeError) else error
                _LOG.error("%s can't do its work now, and goes on trying: %s", self._name, error, exc_info=trace)


def _at_exit(background: Background) -> Finalize:
    """Let the last round be done when the process ends.

    ``multiprocessing`` runs its finalizers at the end of its own forked processes, too, where ``atexit`` runs nothing.
    """
    known = weakref.ref(background)

    def stop() -> None:
        still = known()
        if still is not None:
            still.stop()

    return Finalize(None, stop, exitpriority=0)
