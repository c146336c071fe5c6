"""The interface of whatever remembers rollouts: a part of a metadata store, because a step changes an alias, too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from carafe.registry.history import Change, Entry
from carafe.registry.query import Page
from carafe.registry.rollout import Plan, Rollout, State
from carafe.registry.rollout_figures import Seen, StepFigures
from carafe.registry.traffic import Traffic


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutDraft:
    """A rollout that is about to begin."""

    stable: int
    candidate: int
    plan: Plan
    before: Traffic
    change: Change
    """The first step, by which the alias is changed; it names model, alias, moment, who and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What an active rollout becomes."""

    state: State
    step: int
    when: datetime
    outcome: str = ""
    change: Change | None = None
    """What is done to the alias together with it; None where it stays as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A rollout and what was seen of it: one entry for each step in which anything was seen, the first step first."""

    rollout: Rollout
    figures: tuple[StepFigures, ...]


class RolloutStore(Protocol):
    """Which rollouts there are. ``carafe.testing.check_metadata_store`` holds what every implementation must do.

    Every method sees or makes one whole change. Whatever else changes an alias that has an active rollout ends that as
    overtaken, within the same change.
    """

    def begin(self, draft: RolloutDraft) -> Rollout:
        """Change the alias and begin a rollout of it, in one.

        Raises:
            ModelNotFound, VersionNotFound, AliasChanged: as ``MetadataStore.change``.
            RolloutConflict: when the alias has an active one.
        """
        ...

    def turn(self, rollout: Rollout, turn: Turn) -> Rollout | None:
        """Take a rollout one turn further; None, and nothing is done, where its state or step is another one by now.

        A new step has lasted no time yet. An end is a change that ``MetadataStore.generation`` counts even where the
        alias stays as it is: processes keep the stable version at hand until then.
        """
        ...

    def record(self, rollout: Rollout, *, worker: str, seen: Seen, lasted: float) -> Watched:
        """Write down what a worker has seen of a step, in the place of what it wrote of that step before.

        ``lasted`` is for how long the worker has known the step to last; the rollout's only grows.

        Raises:
            RolloutNotFound: when there is no such rollout.
        """
        ...

    def active(self) -> tuple[Rollout, ...]:
        """Return the rollouts of all models that have not ended, the first begun first; cheap enough to poll."""
        ...

    def latest(self, name: str, alias: str) -> Watched:
        """Return the alias's last rollout.

        Raises:
            ModelNotFound: when no model ever had this name.
            RolloutNotFound: when the alias never had one.
        """
        ...

    def past(self, name: str, *, page: int = 1, size: int = 50) -> Page[Rollout]:
        """Return one page of a model's rollouts, the latest first.

        Raises:
            ModelNotFound: when no model ever had this name.
        """
        ...


def overtaken(entry: Entry) -> str:
    """Return what is said of a rollout that ended because the alias was changed."""
    by = f" by {entry.by}" if entry.by else ""
    now = f"now it points at {entry.after}" if entry.after is not None else "it is gone"
    return f"the alias was changed{by} ({entry.action.value}): {now}"
