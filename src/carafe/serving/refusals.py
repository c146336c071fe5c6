"""What is told to a request that never reaches its model, and to whoever counts such requests."""

from __future__ import annotations

from dataclasses import dataclass

from carafe.errors import CarafeError, DeadlineExceeded, ServerBusy
from carafe.serving.observers import Observers


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusals:
    """Makes the errors of one version's requests, and tells observers of each."""

    version: tuple[str, int]
    """Name and number."""
    observers: Observers

    def full(self, limit: int) -> CarafeError:
        """Return what is told when as many wait for this version as may."""
        return self._of(ServerBusy, f"{limit} requests wait for it already; ask again later")

    def crowded(self) -> CarafeError:
        """Return what is told when as many wait in this process, for whatever version, as may."""
        return self._of(ServerBusy, "too many requests wait for this and other models; ask again later")

    def late(self, waited: float, *, given: bool) -> CarafeError:
        """Return what is told after a wait of so many seconds; ``given`` where it was the client that gave no more."""
        story = f"the request waited {spelled(waited)} for its turn, as long as"
        if given:
            return self._of(DeadlineExceeded, f"{story} its client gives; give more time, or less to do")
        return self._of(ServerBusy, f"{story} it may; ask again later")

    def _of(self, kind: type[CarafeError], story: str) -> CarafeError:
        name, number = self.version
        error = kind(f"{name}@{number}: {story}")
        self.observers.tell(lambda observer: observer.turned_away(name, number, error))
        return error


def spelled(seconds: float) -> str:
    """Return a time as people say it."""
    if seconds < 0.0005:
        return "no time at all"
    return f"{1000 * seconds:.0f} ms" if seconds < 0.9995 else f"{seconds:.3g} s"
