"""Which aliases point at versions that don't fit beside each other, and who is told of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import RLock

from carafe.errors import CarafeError
from carafe.schema import ModelRef
from carafe.serving.loading import RETRY_SECONDS
from carafe.serving.observers import Observers

MOST_MISFITS = 1000
"""Of how many aliases it is remembered that something did not fit: the latest ones."""


class Misfits:
    """Tells observers of versions that an alias can't have beside its others. Safe to use from several threads.

    Hooks are called in the order in which things happened: whoever hears last of an alias that it fits may rely on it.

    Args:
        observers: are told, as often as a load that fails would be tried again.
        clock: seconds on a clock that never goes back.
    """

    def __init__(self, observers: Observers, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._observers = observers
        self._clock = clock
        self._lock = RLock()
        """Reentrant, for a hook may ask the catalog for something."""
        self._told: dict[ModelRef, dict[int, float]] = {}
        """When it was told last of each version of an alias."""

    def refuse(self, ref: ModelRef, number: int, error: CarafeError) -> None:
        """Tell that an alias can't have a version beside its others, unless that was told a moment ago."""
        now = self._clock()
        with self._lock:
            told = self._told.pop(ref, {})
            while len(self._told) >= MOST_MISFITS:
                del self._told[next(iter(self._told))]
            self._told[ref] = told
            if number not in told or now >= told[number] + RETRY_SECONDS:
                told[number] = now
                self._observers.tell(lambda observer: observer.misfit(ref, number, error))

    def settle(self, ref: ModelRef) -> None:
        """Tell that all that an alias points at fits, where that was not so before."""
        with self._lock:
            if self._told.pop(ref, None) is not None:
                self._observers.tell(lambda observer: observer.fits(ref))
