"""Let so many in at once; let so many wait, in the order in which they came; turn the rest away at once."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock, Semaphore

from carafe.serving.deadline import left


class Full(Exception):
    """Raised when as many wait as may."""


class Crowded(Exception):
    """Raised when as many wait here and elsewhere in the process as may."""


class Late(Exception):
    """Raised when a turn did not come in time."""

    def __init__(self, *, waited: float, given: bool) -> None:
        super().__init__()
        self.waited = waited
        self.given = given
        """Whether the client gave no more time."""


class Turnstile:
    """Safe to use from several threads.

    Args:
        most: how many may be inside.
        waiting: how many may wait.
        seconds: how long each may.
        places: for those who wait here and at other turnstiles of this process; each takes one.
    """

    def __init__(self, *, most: int, waiting: int, seconds: float, places: Semaphore | None = None) -> None:
        self._most = most
        self._limit = waiting
        self._seconds = seconds
        self._places = places
        self._lock = Lock()
        self._inside = 0
        self._waiting: deque[Lock] = deque()

    @property
    def waiting(self) -> int:
        """How many wait now."""
        return len(self._waiting)

    @contextmanager
    def passing(self) -> Iterator[float]:
        """Be inside for one block, which is told how many seconds that took to come.

        Raises:
            Full, Crowded, Late: when that can't be.
        """
        waited = self._enter()
        try:
            yield waited
        finally:
            self._leave()

    def _enter(self) -> float:
        with self._lock:
            if self._inside < self._most:
                self._inside += 1
                return 0.0
            if len(self._waiting) >= self._limit:
                raise Full
            if self._places is not None and not self._places.acquire(blocking=False):
                raise Crowded
            bell = Lock()
            bell.acquire()
            self._waiting.append(bell)
        try:
            return self._wait(bell)
        finally:
            if self._places is not None:
                self._places.release()

    def _wait(self, bell: Lock) -> float:
        began, given = time.monotonic(), left()
        seconds = self._seconds if given is None else min(given, self._seconds)
        try:
            woken = bell.acquire(timeout=seconds)
        except BaseException:
            if not self._gave_up(bell):
                self._leave()
            raise
        waited = time.monotonic() - began
        if not woken and self._gave_up(bell):
            raise Late(waited=waited, given=seconds < self._seconds)
        return waited

    def _gave_up(self, bell: Lock) -> bool:
        """Wait no longer; tell whether that was in time, before somebody made room."""
        with self._lock:
            if bell not in self._waiting:
                return False
            self._waiting.remove(bell)
            return True

    def _leave(self) -> None:
        """Hand the place over to the one who waits longest; where none waits, it is free."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._inside -= 1
