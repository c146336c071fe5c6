"""Whether this process can answer, and what stands in its way."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from carafe.errors import CarafeError
from carafe.schema import ModelRef


class State(StrEnum):
    """How well this process serves."""

    STARTING = "starting"
    """Champions are still being loaded."""
    READY = "ready"
    DEGRADED = "degraded"
    """Something failed, but every model that answered before still does, or others do."""
    FAILING = "failing"
    """No model can answer, or the registry was never read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A version that should answer and can't be loaded."""

    ref: ModelRef
    wanted: int | None
    """The version that the alias points at; None where not even that is known."""
    answering: int | None
    """The earlier version that answers in its place, if there is one."""
    error: CarafeError


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
