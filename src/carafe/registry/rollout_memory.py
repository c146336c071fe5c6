"""Which rollouts there are, in this process's memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from threading import RLock

from carafe.errors import RolloutNotFound
from carafe.registry.absence import no_rollout, rolled_out, rolled_out_already
from carafe.registry.history import Change, Entry
from carafe.registry.query import Page
from carafe.registry.rollout import Rollout, State
from carafe.registry.rollout_figures import Seen, StepFigures
from carafe.registry.rollout_store import RolloutDraft, Turn, Watched, overtaken


class MemoryRollouts:
    """A RolloutStore that forgets everything when the process ends.

    Args:
        lock: of the metadata that it is a part of.
        change: changes an alias, and counts that as a change of the metadata.
        count_change: counts any other one.
        check_known: raises ModelNotFound for a name that no model ever had.
    """

    def __init__(
        self,
        *,
        lock: RLock,
        change: Callable[[Change], Entry],
        count_change: Callable[[], None],
        check_known: Callable[[str], None],
    ) -> None:
        self._lock = lock
        self._change = change
        self._count_change = count_change
        self._check_known = check_known
        self._rollouts: dict[int, Rollout] = {}
        self._seen: dict[tuple[int, int, str], Seen] = {}

    def begin(self, draft: RolloutDraft) -> Rollout:
        """Change the alias and begin a rollout of it, in one."""
        change = draft.change
        with self._lock:
            running = self._running(change.name, change.alias)
            if running is not None:
                raise rolled_out_already(change.name, change.alias, candidate=running.candidate)
            entry = self._change(change)
            made = Rollout(
                id=len(self._rollouts) + 1,
                name=change.name,
                alias=change.alias,
                stable=draft.stable,
                candidate=draft.candidate,
                plan=draft.plan,
                before=draft.before,
                state=State.RUNNING,
                step=0,
                lasted=0.0,
                revision=entry.id,
                began=entry.when,
                changed=entry.when,
                by=change.by,
                reason=change.reason,
            )
            self._rollouts[made.id] = made
            return made

    def turn(self, rollout: Rollout, turn: Turn) -> Rollout | None:
        """Take a rollout one turn further, where it still is as it was read."""
        with self._lock:
            found = self._read(rollout.id)
            if not found.state.active or (found.state, found.step) != (rollout.state, rollout.step):
                return None
            revision = found.revision if turn.change is None else self._change(turn.change).id
            if turn.change is None and not turn.state.active:
                self._count_change()
            self._rollouts[found.id] = replace(
                found,
                state=turn.state,
                step=turn.step,
                changed=turn.when,
                outcome=turn.outcome,
                lasted=found.lasted if turn.step == found.step else 0.0,
                revision=revision,
            )
            return self._rollouts[found.id]

    def record(self, rollout: Rollout, *, worker: str, seen: Seen, lasted: float) -> Watched:
        """Write down what a worker has seen of a step."""
        with self._lock:
            found = self._read(rollout.id)
            self._seen[found.id, rollout.step, worker] = seen
            if found.state.active and found.step == rollout.step and found.lasted < lasted:
                found = replace(found, lasted=lasted)
                self._rollouts[found.id] = found
            return self._watched(found)

    def active(self) -> tuple[Rollout, ...]:
        """Return the rollouts of all models that have not ended."""
        with self._lock:
            return tuple(each for each in self._rollouts.values() if each.state.active)

    def latest(self, name: str, alias: str) -> Watched:
        """Return the alias's last rollout."""
        with self._lock:
            self._check_known(name)
            found = [each for each in self._rollouts.values() if (each.name, each.alias) == (name, alias)]
            if not found:
                raise no_rollout(name, alias)
            return self._watched(found[-1])

    def past(self, name: str, *, page: int = 1, size: int = 50) -> Page[Rollout]:
        """Return one page of a model's rollouts, the latest first."""
        with self._lock:
            self._check_known(name)
            found = [each for each in reversed(self._rollouts.values()) if each.name == name]
        offset = (page - 1) * size
        return Page(items=tuple(found[offset : offset + size]), total=len(found), page=page, size=size)

    def overtake(self, entry: Entry) -> None:
        """End the active rollout of an alias that was changed."""
        running = self._running(entry.name, entry.alias)
        if running is not None:
            self._rollouts[running.id] = replace(
                running, state=State.OVERTAKEN, changed=entry.when, outcome=overtaken(entry)
            )

    def check_unneeded(self, name: str, number: int) -> None:
        """Return when no rollout that goes on needs a version; VersionInUse is raised when one does."""
        for each in self.active():
            if each.name == name and number in {each.stable, each.candidate}:
                raise rolled_out(name, number, alias=each.alias, stable=each.stable, candidate=each.candidate)

    def _running(self, name: str, alias: str | None) -> Rollout | None:
        return next((each for each in self.active() if (each.name, each.alias) == (name, alias)), None)

    def _read(self, number: int) -> Rollout:
        if number not in self._rollouts:
            raise RolloutNotFound(f"there is no rollout {number}")
        return self._rollouts[number]

    def _watched(self, rollout: Rollout) -> Watched:
        steps: dict[int, list[Seen]] = {}
        for (number, step, _), seen in self._seen.items():
            if number == rollout.id:
                steps.setdefault(step, []).append(seen)
        return Watched(rollout=rollout, figures=tuple(StepFigures.of(step, steps[step]) for step in sorted(steps)))
