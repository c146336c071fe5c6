"""Answers kept in this process."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from threading import Lock

from cachetools import TTLCache

from carafe.serving.cache import Answer
from carafe.settings import CacheLimits


class MemoryAnswers:
    """Keeps as many answers as ``limits`` say, the most recently used, each for so many seconds at most."""

    def __init__(self, limits: CacheLimits, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._kept: TTLCache[bytes, Answer] = TTLCache(maxsize=limits.entries, ttl=limits.seconds, timer=clock)
        self._lock = Lock()

    def find(self, keys: Sequence[bytes]) -> list[Answer | None]:
        """Return the answer kept under each key, None where there is none."""
        with self._lock:
            return [self._kept.get(key) for key in keys]

    def keep(self, answers: Mapping[bytes, Answer]) -> None:
        """Keep answers, in place of those under the same keys."""
        with self._lock:
            self._kept.update(answers)
