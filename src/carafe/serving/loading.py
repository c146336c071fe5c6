"""Load one version, once, however many threads ask for it.

Loads have threads of their own, which end when nothing is left to load: whoever waits for one can give up, and neither
the watch nor the load of another model has to wait for a slow one.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Event, Lock, Thread

from carafe.errors import CarafeError, DeadlineExceeded, ServerBusy, StillLoading
from carafe.models import Artefact, Model
from carafe.registry import Registry, Version
from carafe.registry.versions import unloadable
from carafe.serving.afresh import afresh
from carafe.serving.deadline import left
from carafe.serving.observers import Observers
from carafe.serving.served import Served
from carafe.serving.shelf import Shelf

RETRY_SECONDS = 5.0
"""How long a version that failed to load is refused without being tried again."""

MOST_FAILURES = 1000
"""How many failures are remembered at once."""

AT_ONCE = 4
"""How many versions are loaded at the same time; further ones wait for one of them."""

HUNG_SECONDS = 60.0
"""After how long a load gives its place up to others, and goes on beside them: it may never end."""

MOST_THREADS = 16
"""How many versions are loaded at the same time at most, those included that gave their place up."""

Key = tuple[str, int]


@dataclass(frozen=True, slots=True)
class _Failure:
    error: CarafeError
    until: float


@dataclass(slots=True, eq=False)
class _Loading:
    """A load that goes on; ``done`` once there is one of the others."""

    version: Version
    began: float
    taken: float | None = None
    """When a thread took it up; None while it waits for one."""
    done: Event = field(default_factory=Event)
    served: Served | None = None
    error: CarafeError | None = None


class Loader:
    """Loads versions onto a shelf. Threads that ask for the same version wait for one load.

    Args:
        registry: has the versions' files.
        load: makes a model of verified files.
        arrange: says how a model is served.
        shelf: keeps what was loaded; its limits say how long a request waits.
        admit: raises where a version is not to be loaded at all.
        observers: are told of loads.
        clock: seconds on a clock that never goes back.
    """

    def __init__(
        self,
        *,
        registry: Registry,
        load: Callable[[Artefact], Model],
        arrange: Callable[[Version, Model], Served],
        shelf: Shelf,
        admit: Callable[[Version], None],
        observers: Observers,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._registry = registry
        self._load = load
        self._arrange = arrange
        self._shelf = shelf
        self._admit = admit
        self._observers = observers
        self._clock = clock
        self._lock = Lock()
        self._queue: deque[_Loading] = deque()
        self._threads = 0
        """How many there are; each has a load in ``_loading`` that it took up, or is about to take one up or end."""
        self._loading: dict[Key, _Loading] = {}
        self._failures: dict[Key, _Failure] = {}

    def load(self, version: Version, *, until: float | None = None) -> Served:
        """Return the version, loaded and verified.

        Args:
            version: which one.
            until: the moment on the clock after which this gives up waiting; the load goes on. None where a request
                waits, which does so for as long as it may.

        Raises:
            CorruptArtefact, LoadFailed, NewerArtefact, MissingExtra, StorageUnavailable, ModelTooLarge: when it
                can't be loaded.
            StillLoading: when that takes longer than this may wait.
            DeadlineExceeded: when it takes longer than the answer would be of use.
        """
        loaded = self._shelf.find(version.name, version.number)
        if loaded is not None:
            return loaded
        loading = self._begin(version)
        if not loading.done.wait(max(0.0, self._patience(until) - self._clock())):
            if until is None and left() == 0.0:
                raise DeadlineExceeded(f"the time that the client gave was over while {version} was being loaded")
            raise StillLoading(
                f"{version} is being loaded since {self._clock() - loading.began:.1f} s: ask again later"
            )
        if loading.served is None:
            raise afresh(loading.error or AssertionError())
        return loading.served

    def _patience(self, until: float | None) -> float:
        """Return the moment at which whoever asks gives up."""
        if until is not None:
            return until
        seconds = left()
        most = self._shelf.limits.wait_seconds
        return self._clock() + (most if seconds is None else min(most, seconds))

    def _begin(self, version: Version) -> _Loading:
        """Return the load of a version that goes on, a new one where there is none, or one that ended already."""
        key, now = (version.name, version.number), self._clock()
        with self._lock:
            loading = self._loading.get(key)
            if loading is not None:
                with suppress(RuntimeError):  # it waits on, as it did
                    self._employ()  # what is before it may have turned out to hang
                return loading
            loading = _Loading(version, now)
            loading.served = self._shelf.find(*key)
            failure = self._failures.get(key)
            if loading.served is not None:
                loading.done.set()
            elif failure is not None and now < failure.until:
                loading.error = failure.error
                loading.done.set()
            else:
                self._queue_up(key, loading)
            return loading

    def _queue_up(self, key: Key, loading: _Loading) -> None:
        self._loading[key] = loading
        self._queue.append(loading)
        try:
            self._employ()
        except RuntimeError as error:
            if self._threads == 0:  # nobody else would ever take it
                del self._loading[key]
                self._queue.remove(loading)
                raise ServerBusy(f"{loading.version}: no thread can be had to load it; ask again later") from error

    def _employ(self) -> None:
        """Start a thread where something waits and fewer than may be are at work.

        Raises:
            RuntimeError: when no thread can be had.
        """
        if self._queue and self._at_work() < AT_ONCE and self._threads < MOST_THREADS:
            Thread(target=self._run, name="carafe-load", daemon=True).start()
            self._threads += 1

    def _at_work(self) -> int:
        """Return how many threads there are whose load does not hang."""
        since = self._clock() - HUNG_SECONDS
        return self._threads - sum(one.taken is not None and one.taken <= since for one in self._loading.values())

    def _run(self) -> None:
        """Load what is to be loaded, until nothing is left or others took this thread's place."""
        while True:
            with self._lock:
                if not self._queue or self._at_work() > AT_ONCE:
                    self._threads -= 1
                    return
                loading = self._queue.popleft()
                loading.taken = self._clock()
            self._settle(loading)

    def _settle(self, loading: _Loading) -> None:
        """Load a version, whatever befalls it."""
        key = (loading.version.name, loading.version.number)
        try:
            loading.served = self._attempt(loading.version)
        except BaseException as raised:  # noqa: BLE001 - a thread of its own: nobody else would hear of it
            loading.error = afresh(unloadable(loading.version, raised))
        with self._lock:
            del self._loading[key]
            self._failures.pop(key, None)
            if loading.error is not None:
                self._remember(key, loading.error)
        loading.done.set()

    def _attempt(self, version: Version) -> Served:
        began = self._clock()
        try:
            self._admit(version)
            served = self._arrange(version, self._load(self._registry.fetch(version)))
        except Exception as raised:
            error = unloadable(version, raised)
            self._observers.tell(lambda observer: observer.load_failed(version.name, version.number, error))
            raise error from raised
        seconds = self._clock() - began
        self._observers.tell(lambda observer: observer.loaded(served, seconds))  # before anybody could drop it
        self._shelf.put(served)
        return served

    def _remember(self, key: Key, error: CarafeError) -> None:
        """Keep a failure for a while, and no more of them than may be."""
        now = self._clock()
        for known in [known for known, failure in self._failures.items() if failure.until <= now]:
            del self._failures[known]
        while len(self._failures) >= MOST_FAILURES:
            del self._failures[next(iter(self._failures))]
        self._failures[key] = _Failure(error, now + RETRY_SECONDS)
