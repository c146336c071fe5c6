"""Scoring one candidate by cross-validation, within a budget and only as long as it may still win."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from carafe.errors import CarafeError, TrainingFailed
from carafe.training.algorithms.catalogue import resolve_parameters
from carafe.training.auto.budget import Budget, Cost, measured
from carafe.training.auto.portfolio import Entry
from carafe.training.evaluation.scores import score
from carafe.training.fit import Choice, fit, setting_of
from carafe.training.labelled import Labelled
from carafe.training.recipe import Parameter, Recipe
from carafe.training.split import Index

PROBE_ROWS = 2_000
"""What a candidate costs is guessed from a fit on so many rows and one on a quarter; small tables need no guess."""

BEHIND = 3.0
"""A candidate stops when it is behind the leader by so many times the spread of the leader's folds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arena:
    """What every candidate of a comparison meets: the same rows, the same folds, the same clock."""

    data: Labelled
    """The rows that are compared on, a sample of a large table."""
    folds: Sequence[tuple[Index, Index]]
    recipe: Recipe
    budget: Budget
    rows: int
    """How many rows the winner will be fitted to in the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What came of a candidate: the scores of the finished folds, and why it was stopped before the last."""

    entry: Entry
    scores: tuple[float, ...] = ()
    seconds: float = 0.0
    stopped: str = ""

    @property
    def complete(self) -> bool:
        """Whether every fold was scored."""
        return bool(self.scores) and not self.stopped

    @property
    def mean(self) -> float:
        """The mean score of the finished folds."""
        return float(np.mean(self.scores))

    @property
    def spread(self) -> float:
        """The standard deviation of the scores between the folds; 0 where there is one."""
        return float(np.std(self.scores, ddof=1)) if len(self.scores) > 1 else 0.0


def try_entry(entry: Entry, arena: Arena, *, leader: Trial | None) -> Trial:
    """Score a candidate on every fold, unless its time is up or it is clearly behind the leader.

    The first candidate has no leader and is finished whatever it costs: there must be something to choose.
    """
    started = arena.budget.spent
    scores: list[float] = []
    try:
        choice = Choice(algorithm=entry.algorithm, params=_resolved(entry, arena))
        stopped = _folds(choice, entry, arena, leader, scores)
    except (CarafeError, ValueError) as error:
        stopped = f"failed: {error}"
    return Trial(entry=entry, scores=tuple(scores), seconds=arena.budget.spent - started, stopped=stopped)


def _folds(choice: Choice, entry: Entry, arena: Arena, leader: Trial | None, scores: list[float]) -> str:
    """Add the score of one fold after the other; return why not every fold has one, or an empty string."""
    if leader:  # one fold may show that it is hopeless, so one must be affordable
        stopped = _unaffordable(_probe(choice, entry, arena), 1, arena)
        if stopped:
            return stopped
    for position, (train, validation) in enumerate(arena.folds):
        before = arena.budget.spent
        fitted = fit(choice, arena.data.take(train), recipe=arena.recipe, params=choice.params)
        cost = Cost(seconds=arena.budget.spent - before, rows=len(train), growth=entry.growth)
        scores.append(score(fitted.estimator, arena.data.take(validation)))
        if not math.isfinite(scores[-1]):
            raise TrainingFailed("its predictions are no finite numbers")
        left = len(arena.folds) - position - 1
        stopped = _hopeless(scores, leader) or _unaffordable(cost, left, arena) if leader and left else ""
        if stopped:
            return stopped
    return ""


def _resolved(entry: Entry, arena: Arena) -> dict[str, Parameter]:
    """Resolve the parameters for the whole table, so that what is compared is what will be fitted."""
    setting = setting_of(arena.recipe, arena.data.signature, arena.data.target)
    return resolve_parameters(entry.algorithm, entry.params, replace(setting, rows=arena.rows))


def _probe(choice: Choice, entry: Entry, arena: Arena) -> Cost | None:
    train = arena.folds[0][0]
    if len(train) <= 2 * PROBE_ROWS:
        return None
    few, more = (_timed(choice, entry, arena, train[:: len(train) // rows]) for rows in (PROBE_ROWS // 4, PROBE_ROWS))
    return measured(few, more)


def _timed(choice: Choice, entry: Entry, arena: Arena, rows: Index) -> Cost:
    before = arena.budget.spent
    fit(choice, arena.data.take(rows), recipe=arena.recipe, params=choice.params)
    return Cost(seconds=arena.budget.spent - before, rows=len(rows), growth=entry.growth)


def _unaffordable(cost: Cost | None, folds: int, arena: Arena) -> str:
    """Return why the time does not suffice for ``folds`` more fits and the last one on all rows; empty if it does."""
    needed = 0.0
    if cost is not None:
        needed = folds * cost.of(len(arena.folds[0][0])) + cost.of(arena.rows)
    if needed <= max(arena.budget.left, 0.0) and arena.budget.left > 0:
        return ""
    if needed == 0.0:
        return "not tried: the time budget is spent"
    return f"not finished: it needs about {needed:.0f} s more, and {max(arena.budget.left, 0.0):.0f} s are left"


def _hopeless(scores: Sequence[float], leader: Trial) -> str:
    same = leader.scores[: len(scores)]
    deficit = float(np.mean(scores) - np.mean(same))
    if leader.spread and deficit > BEHIND * leader.spread:
        return f"stopped after {len(scores)} of {len(leader.scores)} folds, clearly behind {leader.entry.label}"
    return ""
