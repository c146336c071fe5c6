"""The versions that are loaded: no more, and of no more bytes, than may be."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Self

from carafe.errors import ModelTooLarge
from carafe.registry import Version
from carafe.serving.footprint import footprint
from carafe.serving.observers import Observers
from carafe.serving.served import Served
from carafe.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much stays loaded, and for how long a request waits for a load.

    While a version takes another's place, both are there for a moment.
    """

    versions: int = 100
    bytes: int = 4 * 1024**3
    """By the estimate of ``footprint``."""
    wait_seconds: float = 30.0
    """How long a request waits for a version to be loaded."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return what the settings say."""
        return cls(versions=settings.max_loaded, bytes=settings.max_loaded_bytes, wait_seconds=settings.load_seconds)


class Shelf:
    """The loaded versions of a process, by name and number. Safe to use from several threads."""

    def __init__(self, limits: Limits, *, observers: Observers) -> None:
        self.limits = limits
        self._observers = observers
        self._served: dict[tuple[str, int], Served] = {}
        self._lock = Lock()

    def find(self, name: str, number: int) -> Served | None:
        """Return a version that is loaded already."""
        return self._served.get((name, number))

    def all(self) -> tuple[Served, ...]:
        """Return every loaded version, the longest loaded first."""
        return tuple(self._served.values())

    @property
    def bytes(self) -> int:
        """How much memory they take together, estimated."""
        return sum(served.bytes for served in self.all())

    def check(self, version: Version, *, pinned: Collection[Served]) -> None:
        """Return when a version can be loaded at all: beside those that always stay, but for its own model's.

        Raises:
            ModelTooLarge: when it is larger than what may be loaded; nothing is let go of for its sake.
        """
        needed = footprint(version.manifest)
        kept = sum(served.bytes for served in pinned if served.name != version.name)
        if needed + kept > self.limits.bytes:
            beside = f", of which pinned models take {_spelled(kept)}" if kept else ""
            raise ModelTooLarge(
                f"{version} takes about {_spelled(needed)} once it is loaded, expected at most "
                f"{_spelled(self.limits.bytes)} (max_loaded_bytes){beside}: raise the limit, or publish a smaller model"
            )

    def check_together(self, versions: Sequence[Version], *, pinned: Collection[Served]) -> None:
        """Return when versions can be loaded at once, beside those that always stay.

        Raises:
            ModelTooLarge: when they are more, or larger, than what may be loaded; they would drive each other out.
        """
        wanted = {(version.name, version.number): footprint(version.manifest) for version in versions}
        stay = {(one.name, one.number): one.bytes for one in pinned if (one.name, one.number) not in wanted}
        count, needed = len(wanted) + len(stay), sum(wanted.values()) + sum(stay.values())
        if count > self.limits.versions or needed > self.limits.bytes:
            beside = f", beside {_spelled(sum(stay.values()))} of pinned models" if stay else ""
            raise ModelTooLarge(
                f"{', '.join(map(str, versions))} take about {_spelled(sum(wanted.values()))} once they are loaded "
                f"together{beside}, expected at most {_spelled(self.limits.bytes)} (max_loaded_bytes), and with "
                f"what is pinned no more versions than {self.limits.versions} (max_loaded): raise the limit, or "
                "let the alias have fewer versions"
            )

    def put(self, served: Served) -> None:
        """Keep a version that was loaded."""
        self._served[served.name, served.number] = served

    def put_back(self, served: Served) -> None:
        """Keep a version that was loaded and may have been dropped since: what answers is always counted."""
        with self._lock:
            if self.find(served.name, served.number) is not None:
                return
            self.put(served)
        self._observers.tell(lambda observer: observer.loaded(served, 0.0))

    def drop(self, served: Served) -> None:
        """Forget a loaded version; requests that hold it finish with it."""
        with self._lock:
            if self.find(served.name, served.number) is not served:
                return
            del self._served[served.name, served.number]
        self._observers.tell(lambda observer: observer.dropped(served))

    def excess(self, *, pinned: Callable[[], Collection[Served]]) -> Sequence[Served]:
        """Return what has to go so that the rest is no more than may be: those asked least recently."""
        loaded = self.all()
        count, taken = len(loaded), sum(served.bytes for served in loaded)
        if count <= self.limits.versions and taken <= self.limits.bytes:
            return ()
        going, stays = list[Served](), pinned()
        for served in sorted(loaded, key=lambda one: one.usage.last):
            if count <= self.limits.versions and taken <= self.limits.bytes:
                break
            if served not in stays:
                going.append(served)
                count, taken = count - 1, taken - served.bytes
        return going


def _spelled(size: int) -> str:
    return f"{size:,} bytes"
