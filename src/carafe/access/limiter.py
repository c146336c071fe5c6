"""The interface of whatever remembers how much each caller asked lately."""

from __future__ import annotations

from typing import Protocol

from carafe.access.rate import Rate


class Limiter(Protocol):
    """Counts what callers ask. ``carafe.testing.check_limiter`` holds what every implementation must do."""

    def take(self, caller: str, rate: Rate) -> float:
        """Let one request of a caller through, if the limit has room for it.

        Returns:
            0 where it may pass; else for how many seconds none of the caller's will.
        """
        ...

    def close(self) -> None:
        """Let go of what is held open."""
        ...
