"""Load one version, once, however many threads ask for it; remember a failure for a while instead of repeating it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock

from carafe.errors import CarafeError, CorruptArtefact, DeadlineExceeded, MissingExtra
from carafe.models import Artefact, Model
from carafe.registry import Registry, Version
from carafe.serving.deadline import left
from carafe.serving.observers import Observers
from carafe.serving.served import Served

RETRY_SECONDS = 5.0
"""How long a version that failed to load is refused without being tried again."""

Key = tuple[str, int]


@dataclass(frozen=True, slots=True)
class _Failure:
    error: CarafeError
    until: float


class Loader:
    """The loaded versions of a process. Threads that ask for the same version wait for one load."""

    def __init__(
        self,
        *,
        registry: Registry,
        load: Callable[[Artefact], Model],
        arrange: Callable[[Version, Model], Served],
        observers: Observers,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._registry = registry
        self._load = load
        self._arrange = arrange
        self._observers = observers
        self._clock = clock
        self._lock = Lock()
        self._loading: dict[Key, Lock] = {}
        self._failures: dict[Key, _Failure] = {}
        self._loaded: dict[Key, Served] = {}

    def find(self, name: str, number: int) -> Served | None:
        """Return a version that is loaded already."""
        return self._loaded.get((name, number))

    def load(self, version: Version) -> Served:
        """Return the version, loaded and verified.

        Raises:
            CorruptArtefact, NewerArtefact, MissingExtra, StorageUnavailable: when it can't be loaded.
            DeadlineExceeded: when another thread is still loading it as the time is over.
        """
        key = (version.name, version.number)
        with self._lock:
            turn = self._loading.setdefault(key, Lock())
        with _soon(turn):
            loaded = self._loaded.get(key)
            if loaded is not None:
                return loaded
            failure = self._failures.get(key)
            if failure is not None and self._clock() < failure.until:
                raise failure.error.with_traceback(None)
            return self._attempt(key, version)

    def all(self) -> tuple[Served, ...]:
        """Return every loaded version, the longest loaded first."""
        return tuple(self._loaded.values())

    def drop(self, served: Served) -> None:
        """Forget a loaded version; requests that hold it finish with it."""
        if self._loaded.pop((served.name, served.number), None) is not None:
            self._observers.tell(lambda observer: observer.dropped(served))

    def _attempt(self, key: Key, version: Version) -> Served:
        began = self._clock()
        try:
            served = self._arrange(version, self._load(self._registry.fetch(version)))
        except Exception as raised:
            error = _told(version, raised)
            self._failures[key] = _Failure(error, self._clock() + RETRY_SECONDS)
            self._observers.tell(lambda observer: observer.load_failed(*key, error))
            raise error from raised
        self._failures.pop(key, None)
        self._loaded[key] = served
        seconds = self._clock() - began
        self._observers.tell(lambda observer: observer.loaded(served, seconds))
        return served


@contextmanager
def _soon(lock: Lock) -> Iterator[None]:
    """Hold a lock for one block; wait for it no longer than the answer is of use."""
    seconds = left()
    if not lock.acquire(timeout=-1 if seconds is None else seconds):
        raise DeadlineExceeded("the time that the client gave was over while the version was being loaded")
    try:
        yield
    finally:
        lock.release()


def _told(version: Version, raised: Exception) -> CarafeError:
    """Return the story of a failed load; whatever a loader raises, a damaged file must not look like a crash."""
    if isinstance(raised, CarafeError):
        return raised
    if isinstance(raised, ModuleNotFoundError):
        return MissingExtra.of(str(version), raised)
    return CorruptArtefact(f"{version} can't be loaded ({type(raised).__name__}: {raised})")
