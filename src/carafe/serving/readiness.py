"""Whether this process can answer, and what stands in its way."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from carafe.errors import CarafeError
from carafe.schema import ModelRef
from carafe.serving.afresh import afresh


class State(StrEnum):
    """How well this process serves."""

    STARTING = "starting"
    """Champions are still being loaded."""
    READY = "ready"
    DEGRADED = "degraded"
    """Something failed, but every model that answered before still does, or others do."""
    FAILING = "failing"
    """No model can answer, or the registry was never read."""


def state_of(*, warmed: bool, broken: bool, answers: bool) -> State:
    """Return the state of a process.

    Args:
        warmed: whether it has loaded what it loads before anybody asks.
        broken: whether something failed that is not mended yet.
        answers: whether any model can answer.
    """
    if not warmed:
        return State.STARTING
    if not broken:
        return State.READY
    return State.DEGRADED if answers else State.FAILING


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A version that should answer and can't be loaded, or something pinned that there is not."""

    ref: ModelRef
    wanted: int | None
    """The version that the alias points at; None where not even that is known."""
    answering: int | None
    """The earlier version that answers in its place, if there is one."""
    error: CarafeError
    """Kept without its traceback."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "error", afresh(self.error))


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """The state, and every fault behind it."""

    state: State
    loaded: int
    """How many versions are loaded."""
    faults: tuple[Fault, ...] = ()
    registry: CarafeError | None = None
    """Why the registry could not be read when it was last looked at."""

    @property
    def answers(self) -> bool:
        """Whether requests should be sent here."""
        return self.state in {State.READY, State.DEGRADED}
