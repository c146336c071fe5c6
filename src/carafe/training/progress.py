"""How far a training run is, told to whoever wants to show or store it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Where a run stands: the share that is done, from 0 to 1, and what it does now."""

    done: float
    doing: str


class Progress(Protocol):
    """Told of every step; what it raises ends the run."""

    def __call__(self, step: Step, /) -> None:
        """Take note of a step."""
        ...


def silent(step: Step) -> None:
    """Take no note."""
    del step


def within(progress: Progress, start: float, end: float) -> Progress:
    """Return a progress whose 0 to 1 is ``start`` to ``end`` of another: a part of the run that knows only itself."""

    def tell(step: Step) -> None:
        progress(Step(done=start + (end - start) * min(max(step.done, 0.0), 1.0), doing=step.doing))

    return tell
