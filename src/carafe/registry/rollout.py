"""A rollout: a new version takes an alias over in steps, from the version that answers there alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise

import msgspec

from carafe.errors import InvalidRollout
from carafe.registry.traffic import WHOLE, Share, Traffic

MOST_STEPS = 20
LONGEST_STEP = 30 * 24 * 3600.0
MOST_REQUESTS = 1_000_000


class Plan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a rollout proceeds, and what the candidate must keep to.

    Raises:
        InvalidRollout: when the steps are not rising percentages that end with 100, or a bound can't be one.
    """

    steps: tuple[float, ...] = (5.0, 25.0, 100.0)
    """The candidate's share in percent, step by step."""
    every: float = 600.0
    """How long each step is watched at least, in seconds, more than 0; the last one, too, before the rollout is
    done."""
    min_requests: int = 100
    """How many requests the candidate must have been asked in a step before the next one."""
    max_errors: float = 1.0
    """How many of a hundred requests may fail; where more fail of the stable version, as many as of that. The same for
    requests that it refuses and that are turned away."""
    max_slower: float | None = 2.0
    """How many times as long as the stable version's the 95th percentile of its durations may be; None for any."""

    def __post_init__(self) -> None:
        rising = all(before < after for before, after in pairwise((0.0, *self.steps)))
        fine = all(abs(100 * step - round(100 * step)) < 1e-6 for step in self.steps)
        if not (0 < len(self.steps) <= MOST_STEPS and rising and fine and self.steps[-1] == 100):
            raise InvalidRollout(
                f"steps: got {', '.join(f'{step:g}' for step in self.steps[:30])}, expected up to {MOST_STEPS} rising "
                "percentages with at most two decimals, of which the last is 100"
            )
        if not 0 < self.every <= LONGEST_STEP:
            raise InvalidRollout(
                f"every: got {self.every:.15g}, expected more than 0 and at most {LONGEST_STEP:,.0f} seconds (30 days)"
            )
        _check("min_requests", self.min_requests, least=1, most=MOST_REQUESTS)
        _check("max_errors", self.max_errors, least=0, most=100)
        if self.max_slower is not None:
            _check("max_slower", self.max_slower, least=1, most=1000)


def _check(name: str, value: float, *, least: float, most: float) -> None:
    if not (math.isfinite(value) and least <= value <= most):
        raise InvalidRollout(f"{name}: got {value:.15g}, expected {least:,.15g} to {most:,.15g}")


class State(StrEnum):
    """Where a rollout is."""

    RUNNING = "running"
    PAUSED = "paused"
    """It takes no step, and still turns back when a bound is broken."""
    DONE = "done"
    """The candidate answers alone."""
    TURNED_BACK = "turned-back"
    """A bound was broken: the alias points at what it had before."""
    STOPPED = "stopped"
    """Somebody ended it: the alias points at what it had before."""
    OVERTAKEN = "overtaken"
    """Somebody changed the alias meanwhile: it is as they made it."""

    @property
    def active(self) -> bool:
        """Whether it has not ended."""
        return self in {State.RUNNING, State.PAUSED}


ACTIVE = tuple(state for state in State if state.active)


class Role(StrEnum):
    """Which of the two versions of a rollout is meant."""

    STABLE = "stable"
    CANDIDATE = "candidate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """A rollout as it stood when it was read."""

    id: int
    name: str
    """The model."""
    alias: str
    stable: int
    """The version that answered alone when it began."""
    candidate: int
    plan: Plan
    before: Traffic
    """What the alias pointed at when it began, and does again when it turns back."""
    state: State
    step: int
    """The step it is at, from 0; the last one it reached when it has ended."""
    lasted: float
    """For how many seconds workers have watched this step: time in which no server runs does not count."""
    revision: int
    """The alias's revision as the rollout last wrote it."""
    began: datetime
    changed: datetime
    """Since when it is at this step and in this state."""
    by: str
    """Who began it."""
    reason: str
    """Why it was begun."""
    outcome: str = ""
    """Why it ended, or who paused it."""

    @property
    def percent(self) -> float:
        """The candidate's share in this step, in percent."""
        return self.plan.steps[self.step]

    @property
    def last(self) -> bool:
        """Whether this step is the last one."""
        return self.step == len(self.plan.steps) - 1

    @property
    def left(self) -> float:
        """How many seconds of this step are left at least."""
        return max(0.0, self.plan.every - self.lasted)

    def traffic(self, step: int) -> Traffic:
        """Return what the alias points at during a step; what keeps callers with a version stays, shadows do, too."""
        return share(self.before, candidate=self.candidate, percent=self.plan.steps[step])

    def __str__(self) -> str:
        return f"{self.name}@{self.candidate} on {self.alias}"


def share(before: Traffic, *, candidate: int, percent: float) -> Traffic:
    """Return traffic of one version with a share of it given to another."""
    rest = (WHOLE - round(percent * 100)) / 100
    shares = (Share(version=before.main, percent=rest), Share(version=candidate, percent=percent))
    return Traffic(
        shares=tuple(share for share in shares if share.percent),
        shadows=tuple(number for number in before.shadows if number != candidate),
        sticky=before.sticky,
    )
