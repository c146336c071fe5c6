"""What moves rollouts on: every worker writes down what it sees of them, and whoever finds a turn due takes it.

Time is measured by each process on its own monotonic clock, in which nobody's clock is compared with another's: a
rollout's row keeps for how long its step has been watched, a process adds what passes while it watches, and of several
the one that has watched longest counts. Time in which no server runs, or in which one was stopped, is none of it.
"""

from __future__ import annotations

import logging
import os
import secrets
import time
import weakref
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from carafe.errors import AliasChanged, RolloutNotFound, StorageUnavailable
from carafe.monitoring import figures
from carafe.monitoring.background import Background
from carafe.monitoring.metrics import Count
from carafe.monitoring.rollout_counts import RolloutCounts, Step
from carafe.monitoring.snapshot import Snapshot
from carafe.registry import Rollout, Rollouts, State, Watched
from carafe.registry.rollout_decision import decide
from carafe.registry.rollout_figures import Seen

MOST_CREDIT = 5.0
"""How many seconds a process adds at most for the time between two of its rounds: it may have been stopped."""

LEAST_PAUSE = 0.2
"""Seconds between two rounds, however many failures there are."""

_LOG = logging.getLogger("carafe.rollouts")


@dataclass(slots=True)
class _Watching:
    """For how long a step is known to last, and when that was known."""

    rollout: int
    step: int
    lasted: float
    since: float


class RolloutFollower:
    """Follows the active rollouts of a registry, once a second. Starts when needed, and again in a forked child.

    Args:
        rollouts: where they are.
        count: adds to a counter of the metrics.
        clock: monotonic, in seconds.
        interval: seconds between two rounds.
    """

    def __init__(
        self,
        rollouts: Rollouts,
        *,
        count: Count = lambda _figure, _labels, _amount: None,
        clock: Callable[[], float] = time.monotonic,
        interval: float = 1.0,
    ) -> None:
        self.observer = RolloutCounts(alarm=self._alarmed, clock=clock)
        self._rollouts = rollouts
        self._count = count
        self._clock = clock
        self._background = Background(interval=interval, name="carafe-rollouts")
        self._background.add(self.round)
        self._watching: dict[int, _Watching] = {}
        self._written: dict[tuple[int, int], Seen] = {}
        """What this process wrote down last, by rollout and step."""
        self._failing: set[int] = set()
        """The rollouts that could not be followed in their last round; that was logged."""
        self._active: tuple[Rollout, ...] = ()
        self._last = -LEAST_PAUSE
        self._worker = secrets.token_hex(16)
        _begin_anew_after_fork(self)

    def ensure(self) -> None:
        """Start following in this process unless that has begun."""
        self._background.ensure()

    def stop(self) -> None:
        """Write down what was seen last, and end."""
        self._background.stop()

    def tell(self, snapshot: Snapshot) -> None:
        """Add the gauges of the active rollouts."""
        for rollout in self._active:
            labels = (rollout.name, rollout.alias, str(rollout.candidate))
            snapshot.gauge(figures.ROLLOUT_PERCENT, labels, rollout.percent)

    def round(self) -> None:
        """Write down what was seen, and take every turn that is due.

        Raises:
            StorageUnavailable: when the database can't be read or written now; the next round tries again.
        """
        before = self.observer.steps()
        active = self._rollouts.active()
        for step in before:
            if not any((step.rollout.id, step.rollout.step) == (each.id, each.step) for each in active):
                with suppress(RolloutNotFound):  # the last of a step that is over, for who looks at its figures
                    self._rollouts.record(step.rollout, worker=self._worker, seen=self.observer.seen(step), lasted=0.0)
        self.observer.watch(active)
        now = self._clock()
        self._watching = {each.id: self._watched(each, now) for each in active}
        going_on = {(each.id, each.step) for each in active}
        self._written = {key: seen for key, seen in self._written.items() if key in going_on}
        self._active = active
        self._last = now
        for step in self.observer.steps():
            self._try(step, active)
        self._failing &= {each.id for each in active}

    def begin_anew(self) -> None:
        """Be another worker: in a forked process."""
        self.observer.begin_anew()
        self._watching, self._written = {}, {}
        self._worker = secrets.token_hex(16)

    def _watched(self, rollout: Rollout, now: float) -> _Watching:
        """Return for how long a step has lasted, as far as this process can tell."""
        known = self._watching.get(rollout.id)
        lasted = rollout.lasted
        if known is not None and known.step == rollout.step and rollout.state is State.RUNNING:
            lasted = max(lasted, known.lasted + min(now - known.since, MOST_CREDIT))
        return _Watching(rollout=rollout.id, step=rollout.step, lasted=lasted, since=now)

    def _try(self, step: Step, active: tuple[Rollout, ...]) -> None:
        """Follow one rollout; where that fails because of it, the others are followed all the same."""
        try:
            self._follow(step, active)
            self._failing.discard(step.rollout.id)
        except StorageUnavailable:  # nothing to do with this one: the others would wait for the same database
            raise
        except Exception:  # noqa: BLE001 - whatever is wrong with one, the others must be able to turn back
            if step.rollout.id not in self._failing:
                self._failing.add(step.rollout.id)
                _LOG.exception("the rollout of %s can't be followed; the next round tries again", step.rollout)

    def _follow(self, step: Step, active: tuple[Rollout, ...]) -> None:
        rollout = next(each for each in active if each.id == step.rollout.id)
        watched = self._exchange(rollout, self.observer.seen(step))
        now = watched.rollout
        if not now.state.active or (now.id, now.step) != (rollout.id, rollout.step):
            return  # somebody was quicker
        with suppress(AliasChanged):  # somebody changed the alias in this very moment: the rollout is overtaken
            decision = decide(watched.rollout, watched.figures)
            turned = self._rollouts.act(watched, decision)
            if turned is not None:
                self._tell(turned, decision.reason)

    def _exchange(self, rollout: Rollout, seen: Seen) -> Watched:
        """Write down what was seen, where there is anything new, and return what all workers have seen."""
        passing = rollout.state is State.RUNNING and rollout.left > 0
        if not passing and seen == self._written.get((rollout.id, rollout.step), Seen()):
            return self._rollouts.latest(rollout.name, rollout.alias)
        lasted = self._watching[rollout.id].lasted
        watched = self._rollouts.record(rollout, worker=self._worker, seen=seen, lasted=lasted)
        self._written[rollout.id, rollout.step] = seen
        return watched

    def _tell(self, turned: Rollout, reason: str) -> None:
        turn = "step" if turned.state is State.RUNNING else turned.state.value
        self._count(figures.ROLLOUT_TURNS, (turned.name, turned.alias, turn), 1)
        level = logging.WARNING if turned.state is State.TURNED_BACK else logging.INFO
        _LOG.log(level, "the rollout of %s: %s at %g %%: %s", turned, turn, turned.percent, reason)

    def _alarmed(self) -> None:
        if self._clock() >= self._last + LEAST_PAUSE:
            self._background.wake()


def _begin_anew_after_fork(follower: RolloutFollower) -> None:
    known = weakref.ref(follower)

    def begin_anew() -> None:
        inherited = known()
        if inherited is not None:
            inherited.begin_anew()

    os.register_at_fork(after_in_child=begin_anew)
