"""A thread that keeps a catalog up to date: warm it once, then look at the registry four times a second."""

from __future__ import annotations

import os
from collections.abc import Callable
from threading import Event, Thread

from carafe.serving.catalog import Catalog

INTERVAL = 0.25
"""Seconds between two looks: a promotion reaches every worker within them, plus the time of a load.

A look at an unchanged SQLite database takes 86 microseconds, a third of a thousandth of the time between two.
"""


class Watch:
    """Starts when it is first needed, and again in a forked child, which inherits no threads."""

    def __init__(self, catalog: Catalog, *, interval: float = INTERVAL) -> None:
        self._catalog = catalog
        self._interval = interval
        self._process: int | None = None
        self._stopped = Event()
        self._thread: Thread | None = None

    def ensure(self, *, warmed: Callable[[], None] | None = None) -> None:
        """Start the thread in this process unless it runs; cheap enough for every request.

        ``warmed`` is called by the thread that this starts, once the champions are loaded.
        """
        if self._process != os.getpid():
            self._process = os.getpid()
            self._stopped = Event()
            self._thread = Thread(target=self._run, args=(self._stopped, warmed), name="carafe-watch", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End the thread and wait for it."""
        self._stopped.set()
        if self._thread is not None and self._process == os.getpid():
            self._thread.join(timeout=10)

    def _run(self, stopped: Event, warmed: Callable[[], None] | None) -> None:
        self._catalog.warm()
        if warmed is not None:
            warmed()
        while not stopped.wait(self._interval):
            self._catalog.refresh()
