"""A rollout as programs read it: what the service answers and the command prints as JSON."""

from __future__ import annotations

from datetime import datetime

import msgspec

from carafe.registry.query import Page
from carafe.registry.rollout import Plan, Rollout, State
from carafe.registry.rollout_decision import QUANTILE, decide
from carafe.registry.rollout_figures import Counts, StepFigures
from carafe.registry.rollout_store import Watched


class CountsDocument(msgspec.Struct, frozen=True, kw_only=True):
    """What came of the requests to one version during one step."""

    requests: int
    answered: int
    failed: int
    refused: int
    turned_away: int
    median: float | None
    """The duration that half of the answers did not exceed, in seconds, at most 19 % too long; null without answers."""
    p95: float | None
    """The same for 95 % of the answers."""

    @classmethod
    def of(cls, counts: Counts) -> CountsDocument:
        """Return the document of counts."""
        return cls(
            requests=counts.requests,
            answered=counts.answered,
            failed=counts.failed,
            refused=counts.refused,
            turned_away=counts.turned_away,
            median=counts.quantile(0.5),
            p95=counts.quantile(QUANTILE),
        )


class StepDocument(msgspec.Struct, frozen=True, kw_only=True):
    """What was seen during one step."""

    step: int
    percent: float
    workers: int
    """How many worker processes saw it."""
    stable: CountsDocument
    candidate: CountsDocument

    @classmethod
    def of(cls, figures: StepFigures, rollout: Rollout) -> StepDocument:
        """Return the document of a step's figures."""
        return cls(
            step=figures.step + 1,
            percent=rollout.plan.steps[figures.step],
            workers=figures.workers,
            stable=CountsDocument.of(figures.stable),
            candidate=CountsDocument.of(figures.candidate),
        )


class RolloutSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A rollout: who takes over from whom, and where it is."""

    id: int
    model: str
    alias: str
    stable: int
    candidate: int
    state: State
    step: int
    """The step that it is at, from 1; the last one it reached when it has ended."""
    percent: float
    """The candidate's share in that step."""
    plan: Plan
    began: datetime
    changed: datetime
    by: str
    reason: str
    outcome: str

    @classmethod
    def of(cls, rollout: Rollout) -> RolloutSummary:
        """Return the summary of a rollout."""
        return cls(
            id=rollout.id,
            model=rollout.name,
            alias=rollout.alias,
            stable=rollout.stable,
            candidate=rollout.candidate,
            state=rollout.state,
            step=rollout.step + 1,
            percent=rollout.percent,
            plan=rollout.plan,
            began=rollout.began,
            changed=rollout.changed,
            by=rollout.by,
            reason=rollout.reason,
            outcome=rollout.outcome,
        )


class RolloutDocument(RolloutSummary, frozen=True, kw_only=True):
    """A rollout, and what was seen of it."""

    lasted: float
    """For how many seconds servers have watched the step."""
    left: float
    """How many are left of it at least."""
    doing: str
    """What it waits for; empty when it has ended."""
    figures: tuple[StepDocument, ...]

    @classmethod
    def seen(cls, watched: Watched) -> RolloutDocument:
        """Return the document of a rollout and its figures."""
        rollout = watched.rollout
        active = rollout.state.active
        return cls(
            **msgspec.structs.asdict(RolloutSummary.of(rollout)),
            lasted=round(rollout.lasted, 3),
            left=round(rollout.left, 3) if active else 0.0,
            doing=decide(rollout, watched.figures).reason if active else "",
            figures=tuple(StepDocument.of(each, rollout) for each in watched.figures),
        )


class RolloutPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page of a model's rollouts, the latest first."""

    rollouts: list[RolloutSummary]
    total: int
    page: int
    page_size: int

    @classmethod
    def of(cls, page: Page[Rollout]) -> RolloutPage:
        """Return the document of a page."""
        rollouts = [RolloutSummary.of(rollout) for rollout in page.items]
        return cls(rollouts=rollouts, total=page.total, page=page.page, page_size=page.size)
