"""A process that serves, as far as rollouts are concerned, with a clock that is set by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from carafe.monitoring.rollouts import RolloutFollower
from carafe.registry import Action, HistoryQuery, Plan, Registry, Rollout
from monitoring.events import finished, served

PLAN = Plan(steps=(5.0, 25.0, 100.0), every=60.0, min_requests=100)


@dataclass
class Clock:
    """A monotonic clock that is set by hand."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Worker:
    """A process that serves, as far as rollouts are concerned."""

    registry: Registry
    clock: Clock
    counted: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    follower: RolloutFollower = field(init=False)

    def __post_init__(self) -> None:
        self.follower = RolloutFollower(
            self.registry.rollouts,
            clock=self.clock,
            count=lambda figure, labels, _amount: self.counted.append((figure.name, labels)),
        )
        self.follower.round()

    def asked(self, number: int, times: int, **changes: Any) -> None:  # noqa: ANN401 - fields of any type
        """Answer requests to the champion with a version."""
        for _ in range(times):
            self.follower.observer.finished(finished(served=served(number=number), **changes))

    def failed(self, number: int, times: int) -> None:
        self.asked(number, times, status=500, slug="prediction-failed")

    def watch(self, seconds: float) -> Rollout:
        """Let time pass, a round a second, and return the rollout as it is then."""
        for _ in range(round(seconds)):
            self.clock.now += 1
            self.follower.round()
        return self.registry.rollouts.latest("houses").rollout


def steps(registry: Registry) -> list[str]:
    """Return what the alias pointed at since the rollout began, the first first."""
    found = registry.history("houses", HistoryQuery(alias="champion")).items[::-1]
    return [str(entry.after) for entry in found if entry.action in {Action.ROLLOUT, Action.ROLLBACK}]
