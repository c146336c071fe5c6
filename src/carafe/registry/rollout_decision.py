"""What a rollout should do next: a pure function of what was seen. Its clock is the time that the step has lasted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from carafe.registry.evidence import DOUBT, at_most, beyond
from carafe.registry.rollout import Rollout, State
from carafe.registry.rollout_figures import BUCKETS, Counts, StepFigures, added

QUANTILE = 0.95
"""Which part of the answers must be quick enough."""

LEAST_TIMED = 20
"""From how many answers on durations are compared: the first ones of a fresh version are slow anywhere."""

LEAST_REFUSED = 20
"""From how many requests on refusals count: until then they may be those of one caller."""

PRESUMED = 20
"""How many requests of the stable version are taken to have gone well before it was watched: it answered alone.

Without them nothing could be held against a candidate while nobody asks the other one, as at a first step of 100 %.
"""

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
    """How often something happened to the candidate's requests, and to the stable version's."""

    what: str
    where: str
    """In which steps."""
    hits: int
    total: int
    usual: int
    """How often it happened to the stable version, in all steps."""
    of: int
    """Of how many of that one's requests."""
    allowed: float
    """How often it may happen in any case."""
    presumed: int = 0
    """How many further requests of the stable version are taken to have gone well."""
    doubt: float = DOUBT

    @property
    def broken(self) -> bool:
        """Whether there is evidence that it happens more often than allowed, and than to the stable version."""
        than = (self.usual, self.of + self.presumed)
        return beyond(self.hits, self.total, self.allowed, than=than, doubt=self.doubt)

    @property
    def doubtful(self) -> bool:
        """Whether it happened so often that the next step had better wait for more requests."""
        wanted = max(self.allowed, at_most(self.usual, self.of) if self.usual else 0.0)
        return self.hits > wanted * self.total

    def __str__(self) -> str:
        told = f"{self.hits:,} of {self.total:,} requests of the candidate {self.what} {self.where}, "
        if self.usual > self.allowed * self.of:
            return f"{told}{self.usual:,} of {self.of:,} of the stable version did"
        return f"{told}at most {100 * self.allowed:.3g} % may"


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
                yield _Rate(
                    what=what,
                    where=where,
                    hits=count(counts),
                    total=counts.requests,
                    usual=count(stable),
                    of=stable.requests,
                    allowed=rollout.plan.max_errors / 100,
                    presumed=PRESUMED,
                )
        yield from _slowness(rollout, counts, stable, where=where)


def _slowness(rollout: Rollout, counts: Counts, stable: Counts, *, where: str) -> Iterator[_Rate]:
    """Yield how many answers took longer than the ratio times the stable version's 95th percentile.

    Those are held against how many of the stable version's own took longer than that percentile: as many as 5 %, by and
    large, and how far that may be from the truth is told by how few they are. That percentile is where the answers so
    far put it, on one of the edges between buckets, and a mistake must not be more probable because of that choice: so
    it may be as probable on each edge as DOUBT shared among all.
    """
    slower = rollout.plan.max_slower
    if slower is None or min(stable.answered, counts.answered) < LEAST_TIMED:
        return
    usual = stable.quantile(QUANTILE)
    if usual is None:
        return
    limit = max(usual * slower, usual + SLACK)
    yield _Rate(
        what=f"took longer than {1000 * limit:.3g} ms ({_because(usual, slower)})",
        where=where,
        hits=counts.longer_than(limit),
        total=counts.answered,
        usual=stable.longer_than(usual),
        of=stable.answered,
        allowed=1 - QUANTILE,
        doubt=DOUBT / BUCKETS,
    )


def _because(usual: float, slower: float) -> str:
    """Return in words what makes the longest duration that may be: the ratio, or the least that counts."""
    percentile = f"the stable version's 95th percentile of {1000 * usual:.3g} ms"
    return (
        f"{slower:g} times {percentile}"
        if usual * slower >= usual + SLACK
        else f"{1000 * SLACK:g} ms above {percentile}"
    )
