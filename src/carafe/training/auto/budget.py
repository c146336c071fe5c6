"""Time that may be spent on comparing, and what the next fit will probably cost."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """How long a fit on so many rows took, the part of it that any fit takes, and how the rest grows with the rows.

    ``growth`` is 1 in proportion to the rows, 2 with their square.
    """

    seconds: float
    rows: int
    growth: float = 1.0
    fixed: float = 0.0

    def of(self, rows: int) -> float:
        """Return how long a fit on ``rows`` rows will probably take."""
        return self.fixed + (self.seconds - self.fixed) * math.pow(rows / max(self.rows, 1), self.growth)


def measured(few: Cost, more: Cost) -> Cost:
    """Return the cost that two fits, on few and on more rows, tell: the straight line through both, never falling."""
    ratio = math.pow(few.rows / more.rows, more.growth)
    fixed = (few.seconds - more.seconds * ratio) / (1 - ratio)
    return replace(more, fixed=min(max(fixed, 0.0), few.seconds, more.seconds))


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Seconds from a start on a clock that never goes back."""

    seconds: float
    start: float
    clock: Clock = time.monotonic

    @property
    def spent(self) -> float:
        """Seconds since the start."""
        return self.clock() - self.start

    @property
    def left(self) -> float:
        """Seconds that are left; below 0 when overdrawn."""
        return self.seconds - self.spent


def start_budget(seconds: float, clock: Clock = time.monotonic) -> Budget:
    """Return a budget that begins now."""
    return Budget(seconds=seconds, start=clock(), clock=clock)
