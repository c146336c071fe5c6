"""The observer that counts for rollouts: what came of the requests to the two versions of each, and how long they took.

Where no rollout is active a request costs it one look at an empty set.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from threading import Lock
from typing import TypeVar

from carafe.errors import (
    CarafeError,
    DeadlineExceeded,
    InvalidInput,
    InvalidParameter,
    ServerBusy,
    StorageUnavailable,
)
from carafe.registry import Rollout
from carafe.registry.rollout import Role
from carafe.registry.rollout_figures import Counts, Seen, bucket_of
from carafe.schema import ModelRef
from carafe.schema.exchange import CHAMPION
from carafe.serving import Finished, Observer, Served
from carafe.serving.loading import RETRY_SECONDS

ALARM = 3
"""After how many failures of a candidate nobody waits for the next round: fewer never decide."""

REFUSED = frozenset({InvalidInput.slug, InvalidParameter.slug})
TURNED_AWAY = frozenset({ServerBusy.slug, DeadlineExceeded.slug})

MOST_UNLOADABLE = 100
"""How many versions that could not be loaded, or not beside others, are remembered: the latest ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unloadable:
    """Why a version could not be loaded, and when that was."""

    reason: str
    moment: float


class _Tally:
    """What this process has seen of one version since a step began."""

    __slots__ = ("answered", "durations", "failed", "refused", "turned_away")

    def __init__(self) -> None:
        self.answered = self.failed = self.refused = self.turned_away = 0
        self.durations: dict[int, int] = {}

    def add(self, event: Finished) -> bool:
        """Count a request, and tell whether the version failed."""
        slug = event.slug
        if slug is None:
            bucket = bucket_of(event.seconds)
            self.answered += 1
            self.durations[bucket] = self.durations.get(bucket, 0) + 1
        elif slug in REFUSED:
            self.refused += 1
        elif slug in TURNED_AWAY:
            self.turned_away += 1
        elif event.status >= 500:
            self.failed += 1
            return True
        return False  # whatever else is wrong with a request, no version has to do with it

    def counts(self) -> Counts:
        """Return it as it is written down."""
        return Counts(
            answered=self.answered,
            failed=self.failed,
            refused=self.refused,
            turned_away=self.turned_away,
            durations=dict(self.durations),
        )


class Step:
    """One step of one rollout, as this process sees it."""

    __slots__ = ("rollout", "since", "tallies")

    def __init__(self, rollout: Rollout, *, since: float) -> None:
        self.rollout = rollout
        self.since = since
        self.tallies = {Role.STABLE: _Tally(), Role.CANDIDATE: _Tally()}


class RolloutCounts(Observer):
    """Counts for the steps that it was told to watch. Safe to use from any number of threads.

    Args:
        alarm: called when a candidate has failed as often as may be enough to decide.
        clock: monotonic, in seconds.
    """

    def __init__(
        self, *, alarm: Callable[[], None] = lambda: None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._alarm = alarm
        self._clock = clock
        self._lock = Lock()
        self._steps: dict[tuple[str, str], Step] = {}
        self._watched: frozenset[tuple[str, int]] = frozenset()
        self._failures = 0
        self._unloadable: dict[tuple[str, int], _Unloadable] = {}
        """By name and number: what can't be loaded can't be loaded for any alias."""
        self._misfits: dict[tuple[str, str, int], _Unloadable] = {}
        """By name, alias and number: what does not fit beside the others of one alias may fit for another."""

    def watch(self, rollouts: Iterable[Rollout]) -> None:
        """Count from now on for these, each at its step; what was counted for a step that goes on stays."""
        with self._lock:
            steps: dict[tuple[str, str], Step] = {}
            for rollout in rollouts:
                key = (rollout.name, rollout.alias)
                known = self._steps.get(key)
                same = known is not None and (known.rollout.id, known.rollout.step) == (rollout.id, rollout.step)
                steps[key] = known if known is not None and same else Step(rollout, since=self._clock())
            self._steps = steps
            self._failures = 0
            self._watched = frozenset(
                (step.rollout.name, number)
                for step in steps.values()
                for number in (step.rollout.stable, step.rollout.candidate)
            )

    def steps(self) -> tuple[Step, ...]:
        """Return the steps that are watched."""
        with self._lock:
            return tuple(self._steps.values())

    def seen(self, step: Step) -> Seen:
        """Return what this process has seen of a step so far."""
        with self._lock:
            return Seen(
                stable=step.tallies[Role.STABLE].counts(),
                candidate=step.tallies[Role.CANDIDATE].counts(),
                unloadable=self._why_unloadable(step),
            )

    def finished(self, event: Finished) -> None:
        """Count a request, if it was asked of an alias with a rollout."""
        watched = self._watched
        if not watched:
            return
        served = event.served
        if served is not None and (served.name, served.number) in watched:
            self._count(event, served)

    def loaded(self, served: Served, seconds: float) -> None:
        """Forget that a version could not be loaded."""
        del seconds
        with self._lock:
            self._unloadable.pop((served.name, served.number), None)

    def load_failed(self, name: str, number: int, error: CarafeError) -> None:
        """Remember a version that can't be loaded; a store that can't be reached says nothing of the version."""
        if isinstance(error, StorageUnavailable):
            return
        reason = f"{error.title} ({error.slug})"  # whoever may see rollouts sees it: messages may name files
        with self._lock:
            _remember(self._unloadable, (name, number), _Unloadable(reason=reason, moment=self._clock()))

    def misfit(self, ref: ModelRef, number: int, error: CarafeError) -> None:
        """Remember that an alias can't have a version beside its others."""
        found = _Unloadable(reason=str(error), moment=self._clock())  # sizes, which may be seen
        with self._lock:
            _remember(self._misfits, (ref.name, ref.alias or CHAMPION, number), found)

    def fits(self, ref: ModelRef) -> None:
        """Forget what did not fit beside the others of an alias."""
        with self._lock:
            gone = [key for key in self._misfits if key[:2] == (ref.name, ref.alias or CHAMPION)]
            for key in gone:
                del self._misfits[key]

    def begin_anew(self) -> None:
        """Forget what was counted: in a forked process, whose parent tells it."""
        self._lock = Lock()
        self._steps, self._watched, self._failures = {}, frozenset(), 0

    def _why_unloadable(self, step: Step) -> str:
        """Return why the candidate can't be loaded; nothing where that was tried before the step and may be mended.

        Whoever needs a version in which a load has failed is told of that failure for RETRY_SECONDS before it is tried
        again: one of so long ago is all that a step that has just begun may ever hear of.
        """
        rollout = step.rollout
        for found in (
            self._unloadable.get((rollout.name, rollout.candidate)),
            self._misfits.get((rollout.name, rollout.alias, rollout.candidate)),
        ):
            if found is not None and found.moment >= step.since - RETRY_SECONDS:
                return found.reason
        return ""

    def _count(self, event: Finished, served: Served) -> None:
        asked = event.asked
        if asked is None or asked.version is not None:  # a very version, or no prediction
            return
        with self._lock:
            step = self._steps.get((served.name, asked.alias or CHAMPION))
            if step is None or served.number not in {step.rollout.stable, step.rollout.candidate}:
                return
            role = Role.CANDIDATE if served.number == step.rollout.candidate else Role.STABLE
            if not step.tallies[role].add(event) or role is Role.STABLE:
                return
            self._failures += 1
            alarmed = self._failures >= ALARM
        if alarmed:
            self._alarm()


_Key = TypeVar("_Key")


def _remember(known: dict[_Key, _Unloadable], key: _Key, found: _Unloadable) -> None:
    """Keep what was found last, and of the others no more than may be."""
    known.pop(key, None)
    if len(known) == MOST_UNLOADABLE:
        del known[next(iter(known))]
    known[key] = found
