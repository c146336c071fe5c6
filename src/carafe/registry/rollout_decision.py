"""What a rollout should do next: a pure function of what was seen. Its clock is the time that the step has lasted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from carafe.registry.evidence import SURE, at_most, beyond, rank_of
from carafe.registry.rollout import Rollout, State
from carafe.registry.rollout_figures import Counts, StepFigures, added, upper_edge

QUANTILE = 0.95
"""Which part of the answers must be quick enough."""

LEAST_TIMED = 20
"""From how many answers on durations are compared: the first ones of a fresh version are slow anywhere."""

LEAST_REFUSED = 20
"""From how many requests on refusals count: until then they may be those of one caller."""

SLACK = 0.001
"""Seconds by which the candidate may be slower, whatever the ratio: below it one measures the machine, not a model."""


class Move(Enum):
    """What to do."""

    WAIT = "wait"
    """The step has not lasted long enough."""
    HOLD = "hold"
    """It has, but something is missing for the next one."""
    STEP = "step"
    FINISH = "finish"
    TURN_BACK = "turn back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to do, and why."""

    move: Move
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rate:
    """How often something happened to the candidate's requests, and how often it may."""

    what: str
    where: str
    """In which steps."""
    hits: int
    total: int
    bound: float
    """Beyond it, evidence turns back: what the stable version may do at worst, as far as its own requests tell."""
    wanted: float
    """Within it, the next step may come."""

    @property
    def broken(self) -> bool:
        return beyond(self.hits, self.total, self.bound)

    @property
    def doubtful(self) -> bool:
        return self.hits > self.wanted * self.total

    def __str__(self) -> str:
        allowed = f"at most {100 * self.bound:.3g} % may"
        return f"{self.hits:,} of {self.total:,} requests of the candidate {self.what} {self.where}, {allowed}"


_KINDS: tuple[tuple[str, Callable[[Counts], int], int], ...] = (
    ("failed", lambda counts: counts.failed, 1),
    ("were turned away", lambda counts: counts.turned_away, 1),
    ("were refused", lambda counts: counts.refused, LEAST_REFUSED),
)
"""What may befall a request: in words, how often it did, and from how many requests on that counts."""


def decide(rollout: Rollout, figures: Sequence[StepFigures]) -> Decision:
    """Return what an active rollout should do.

    It turns back as soon as there is evidence of a broken bound, in this step or in all so far, and takes a step only
    after the step's time, with enough requests, and while every figure is within its bound.

    Args:
        rollout: as it stands; its ``lasted`` is the clock.
        figures: what was seen in its steps so far.
    """
    here = next((each.candidate for each in figures if each.step == rollout.step), Counts())
    rates = tuple(_rates(rollout, here, figures))
    broken = [f"the candidate can't be loaded: {each.unloadable}" for each in figures if each.unloadable]
    broken += [str(rate) for rate in rates if rate.broken]
    if broken:
        return Decision(move=Move.TURN_BACK, reason=broken[0])
    if rollout.state is State.PAUSED:
        return Decision(move=Move.HOLD, reason="paused")
    if rollout.left > 0:
        return Decision(move=Move.WAIT, reason=f"watching for another {rollout.left:,.0f} s")
    missing = tuple(_missing(rollout, here, rates))
    if missing:
        return Decision(move=Move.HOLD, reason=missing[0])
    return Decision(move=Move.FINISH if rollout.last else Move.STEP, reason="every figure is within its bound")


def _missing(rollout: Rollout, here: Counts, rates: Sequence[_Rate]) -> Iterator[str]:
    """Yield what keeps a step that has lasted long enough from being followed by the next."""
    wanted = rollout.plan.min_requests
    if here.requests < wanted:
        yield f"the candidate was asked {here.requests:,} times in this step, {wanted:,} are wanted"
    for rate in rates:
        if rate.doubtful:
            yield f"{rate}: more requests will tell"


def _rates(rollout: Rollout, here: Counts, figures: Sequence[StepFigures]) -> Iterator[_Rate]:
    """Yield what has a bound: of this step, in which it may have begun, and of all, which show more of what is rare."""
    stable, whole = added(each.stable for each in figures), added(each.candidate for each in figures)
    for counts, where in ((here, f"in step {rollout.step + 1}"), (whole, f"in steps 1 to {rollout.step + 1}")):
        for what, count, least in _KINDS:
            if counts.requests >= least:
                hits, allowed = count(stable), rollout.plan.max_errors / 100
                usual = at_most(hits, stable.requests) if hits else 0.0
                worst = at_most(hits, stable.requests, quantile=SURE) if hits else 0.0
                yield _Rate(
                    what=what,
                    where=where,
                    hits=count(counts),
                    total=counts.requests,
                    bound=max(allowed, worst),
                    wanted=max(allowed, usual),
                )
        yield from _slowness(rollout, counts, stable, where=where)


def _slowness(rollout: Rollout, counts: Counts, stable: Counts, *, where: str) -> Iterator[_Rate]:
    """Yield how many answers took longer than 95 % of them may: a quantile is a bound for a rate."""
    slower = rollout.plan.max_slower
    bucket = stable.at(rank_of(QUANTILE, stable.answered)) if stable.answered >= LEAST_TIMED else None
    if slower is None or bucket is None or counts.answered < LEAST_TIMED:
        return
    usual = upper_edge(bucket)
    limit = max(usual * slower, usual + SLACK)
    yield _Rate(
        what=f"took longer than {1000 * limit:.3g} ms ({_because(usual, slower)})",
        where=where,
        hits=counts.longer_than(limit),
        total=counts.answered,
        bound=1 - QUANTILE,
        wanted=1 - QUANTILE,
    )


def _because(usual: float, slower: float) -> str:
    """Return in words what makes the longest duration that may be: the ratio, or the least that counts."""
    percentile = f"the stable version's 95th percentile of {1000 * usual:.3g} ms"
    return (
        f"{slower:g} times {percentile}"
        if usual * slower >= usual + SLACK
        else f"{1000 * SLACK:g} ms above {percentile}"
    )
