"""What callers asked lately, in this process's memory."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from carafe.access.rate import Rate
from carafe.access.window import Window, take

CAPACITY = 10_000
"""How many callers are remembered, the latest ones."""


class MemoryLimiter:
    """A Limiter for one process, which forgets when the process ends. Safe to use from several threads."""

    def __init__(self, *, clock: Callable[[], int] = time.monotonic_ns) -> None:
        self._clock = clock
        self._windows: OrderedDict[str, Window] = OrderedDict()
        self._lock = Lock()

    def take(self, caller: str, rate: Rate) -> float:
        """Let one request of a caller through, if the limit has room for it."""
        with self._lock:
            window, wait = take(self._windows.pop(caller, Window()), rate, self._clock())
            self._windows[caller] = window
            if len(self._windows) > CAPACITY:
                self._windows.popitem(last=False)
            return wait

    def close(self) -> None:
        """Do nothing: nothing is held open."""
