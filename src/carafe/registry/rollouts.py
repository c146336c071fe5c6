"""The door to rollouts: begin one, follow it, end it, and take its next step where it is due."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from carafe.errors import AliasNotFound, InvalidRollout, RolloutConflict
from carafe.registry.absence import rolled_out_already
from carafe.registry.history import MAX_REASON, Action, Change, said
from carafe.registry.metadata import MetadataStore
from carafe.registry.moved import check_revision
from carafe.registry.query import Page
from carafe.registry.rollout import Plan, Rollout, State, share
from carafe.registry.rollout_decision import Decision, Move
from carafe.registry.rollout_figures import Counts, Seen, StepFigures
from carafe.registry.rollout_store import RolloutDraft, Turn, Watched
from carafe.registry.traffic import Traffic
from carafe.registry.versions import checked_number
from carafe.schema.exchange import CHAMPION, check_name


class Admit(Protocol):
    """How a registry says whether a change may be made: ``Registry.admitted``."""

    def __call__(self, change: Change, *, force: bool = False) -> Change:
        """Return the change as it is to be made, or raise what stands against it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollouts:
    """Begin, follow and end rollouts. Safe to use from several threads, processes and machines."""

    metadata: MetadataStore
    admit: Admit
    """Returns the change by which a candidate begins to answer, once nothing stands against it or it is forced."""

    def begin(  # noqa: PLR0913 - what may be said of a rollout
        self,
        name: str,
        candidate: int,
        *,
        alias: str = CHAMPION,
        plan: Plan | None = None,
        by: str = "",
        reason: str = "",
        expected: int | None = None,
        force: bool = False,
    ) -> Rollout:
        """Let a version answer the first step's share of what is asked of an alias, and return its rollout.

        Args:
            name: the model.
            candidate: the number of the version that is to take over.
            alias: what it is to take over.
            plan: how; as ``Plan`` has it where none is given.
            by: who asks for it.
            reason: why.
            expected: the revision that the alias must have; None where any will do.
            force: go on although the version can't be loaded, or does not pass the gates; the history tells of it.

        Raises:
            ModelNotFound, VersionNotFound, AliasNotFound: when there is no such model, version or alias.
            InvalidRollout: when the alias shares its requests already, or points at the candidate.
            CorruptArtefact, LoadFailed, NewerArtefact, MissingExtra, StorageUnavailable, StillLoading, ModelTooLarge:
                when the candidate can't be loaded, and ``force`` does not say to go on.
            PromotionRefused: when it does not pass the model's gates, and ``force`` does not say to go on.
            AliasChanged: when the alias is at another revision, or was changed by somebody else meanwhile.
            RolloutConflict: when the alias has a rollout already.
        """
        self._check_seen(check_name(name), check_name(alias, what="alias"), expected)
        found = self.metadata.alias(name, alias)
        version = self.metadata.version(name, checked_number(name, candidate))
        before, plan = found.traffic, plan or Plan()
        for each in self.active():
            if (each.name, each.alias) == (name, alias):
                raise rolled_out_already(name, alias, candidate=each.candidate)
        if not before.whole or before.main == candidate:
            raise InvalidRollout(
                f"{name}@{alias} points at {before}: a rollout of version {candidate} begins where another version "
                "answers alone; promote that first"
            )
        change = Change(
            name=name,
            alias=alias,
            traffic=share(before, candidate=version.number, percent=plan.steps[0]),
            action=Action.ROLLOUT,
            when=datetime.now(UTC),
            by=said(by, what="by"),
            reason=said(reason, what="reason"),
            expected=found.revision if expected is None else expected,
        )
        admitted = self.admit(change, force=force)
        return self.metadata.rollouts.begin(
            RolloutDraft(stable=before.main, candidate=candidate, plan=plan, before=before, change=admitted)
        )

    def latest(self, name: str, alias: str = CHAMPION) -> Watched:
        """Return an alias's last rollout, and what was seen of it.

        Raises:
            ModelNotFound: when no model ever had this name.
            RolloutNotFound: when the alias never had a rollout.
        """
        return self.metadata.rollouts.latest(check_name(name), check_name(alias, what="alias"))

    def past(self, name: str, *, page: int = 1, size: int = 50) -> Page[Rollout]:
        """Return one page of a model's rollouts, the latest first.

        Raises:
            ModelNotFound: when no model ever had this name.
        """
        return self.metadata.rollouts.past(check_name(name), page=page, size=size)

    def active(self) -> tuple[Rollout, ...]:
        """Return the rollouts of all models that have not ended; cheap enough to poll."""
        return self.metadata.rollouts.active()

    def stop(
        self, name: str, alias: str = CHAMPION, *, by: str = "", reason: str = "", expected: int | None = None
    ) -> Rollout:
        """End a rollout: the alias points at what it had before.

        Raises:
            ModelNotFound, RolloutNotFound: as ``latest``.
            AliasChanged: when the alias is at another revision than the expected one, as after a step.
            RolloutConflict: when it has ended.
        """
        watched = self.latest(name, alias)
        self._check_seen(name, alias, expected)
        why = said(reason, what="reason")
        outcome = f"stopped{f' by {by}' if by else ''}{f': {why}' if why else ''}"
        ended = None
        if watched.rollout.state.active:
            ended = self._end(watched.rollout, State.STOPPED, outcome, figures=watched.figures, by=said(by, what="by"))
        if ended is None:
            self._check_seen(name, alias, expected)
        return ended or self._moved(name, alias)

    def pause(self, name: str, alias: str = CHAMPION, *, by: str = "") -> Rollout:
        """Let a rollout take no further step; it still turns back where a bound is broken. As ``stop`` otherwise."""
        return self._set(name, alias, State.PAUSED, f"paused by {by}" if by else "paused")

    def resume(self, name: str, alias: str = CHAMPION) -> Rollout:
        """Let a paused rollout go on. As ``stop`` otherwise."""
        return self._set(name, alias, State.RUNNING, "")

    def record(self, rollout: Rollout, *, worker: str, seen: Seen, lasted: float) -> Watched:
        """Write down what a worker has seen of a step, and for how long it knows that to last.

        Raises:
            RolloutNotFound: when there is no such rollout.
        """
        return self.metadata.rollouts.record(rollout, worker=worker, seen=seen, lasted=lasted)

    def act(self, watched: Watched, decision: Decision) -> Rollout | None:
        """Do what was decided, and return the rollout as it is then; None where there was nothing to do.

        Of all who decide at once one does it; the others find that the rollout has moved.

        Raises:
            AliasChanged: when somebody else changed the alias in this very moment.
        """
        rollout = watched.rollout
        if decision.move is Move.TURN_BACK:
            return self._end(rollout, State.TURNED_BACK, decision.reason, figures=watched.figures)
        if decision.move is Move.FINISH:
            return self._turn(rollout, State.DONE, rollout.step, decision.reason)
        if decision.move is Move.STEP:
            step = rollout.step + 1
            change = self._change(rollout, Action.ROLLOUT, rollout.traffic(step), story(rollout, watched.figures, step))
            return self._turn(rollout, State.RUNNING, step, "", change)
        return None

    def _check_seen(self, name: str, alias: str, expected: int | None) -> None:
        """Raise AliasChanged when the alias is at another revision than the expected one, or there is none any more."""
        if expected is None:
            return
        found = None
        with suppress(AliasNotFound):
            found = self.metadata.alias(name, alias)
        check_revision(f"{name}@{alias}", expected, found)

    def _set(self, name: str, alias: str, state: State, outcome: str) -> Rollout:
        found = self.latest(name, alias).rollout
        set_ = self._turn(found, state, found.step, outcome) if found.state.active else None
        return set_ or self._moved(name, alias)

    def _moved(self, name: str, alias: str) -> Rollout:
        """Refuse to change a rollout that has ended, or just took another turn."""
        found = self.latest(name, alias).rollout
        if found.state.active:
            raise RolloutConflict(f"the rollout of {found} has just moved to {found.percent:g} %: try again")
        raise RolloutConflict(f"the rollout of {found} has ended ({found.state.value}): {found.outcome}")

    def _end(
        self, rollout: Rollout, state: State, reason: str, *, figures: tuple[StepFigures, ...], by: str = ""
    ) -> Rollout | None:
        """End a rollout by pointing the alias at what it had before."""
        told = f"rollout {rollout.id} {state.value}: {reason}; {summary(rollout, figures)}"
        change = self._change(rollout, Action.ROLLBACK, rollout.before, told, by=by)
        return self._turn(rollout, state, rollout.step, reason, change)

    def _turn(
        self, rollout: Rollout, state: State, step: int, outcome: str, change: Change | None = None
    ) -> Rollout | None:
        outcome = outcome[:MAX_REASON]
        turn = Turn(state=state, step=step, when=datetime.now(UTC), outcome=outcome, change=change)
        return self.metadata.rollouts.turn(rollout, turn)

    def _change(self, rollout: Rollout, action: Action, traffic: Traffic, reason: str, *, by: str = "") -> Change:
        return Change(
            name=rollout.name,
            alias=rollout.alias,
            traffic=traffic,
            action=action,
            when=datetime.now(UTC),
            by=by or rollout.by,
            reason=reason[:MAX_REASON],
            expected=rollout.revision,
        )


def story(rollout: Rollout, figures: tuple[StepFigures, ...], step: int) -> str:
    """Return what the history says of a step."""
    of = f"step {step + 1} of {len(rollout.plan.steps)}"
    return f"rollout {rollout.id}, {of}: {rollout.plan.steps[step]:g} %; {summary(rollout, figures)}"


def summary(rollout: Rollout, figures: tuple[StepFigures, ...]) -> str:
    """Return the figures of the step that a rollout is at, in one line."""
    here = next((each for each in figures if each.step == rollout.step), StepFigures(step=rollout.step))
    at = f"at {rollout.percent:g} %"
    return f"{at} candidate {told(here.candidate)}; stable {told(here.stable)}"


def told(counts: Counts) -> str:
    """Return counts in words."""
    slow = counts.quantile(0.95)
    parts = [
        f"{counts.requests:,} requests",
        f"{counts.failed:,} failed",
        f"{counts.refused:,} refused" if counts.refused else "",
        f"{counts.turned_away:,} turned away" if counts.turned_away else "",
        "" if slow is None else f"p95 {1000 * slow:.3g} ms",
    ]
    return ", ".join(part for part in parts if part)
