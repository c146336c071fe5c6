"""Which rollouts there are, in a home's database."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Select, func, insert, select, update

from carafe.database import Database
from carafe.database.tables_sql import models, rollout_figures, rollouts
from carafe.errors import RolloutNotFound
from carafe.registry.absence import no_rollout, rolled_out, rolled_out_already
from carafe.registry.generation_sql import count_change
from carafe.registry.history import Change, Entry
from carafe.registry.query import Page
from carafe.registry.rollout import ACTIVE, Plan, Rollout, State
from carafe.registry.rollout_figures import Seen, StepFigures
from carafe.registry.rollout_store import RolloutDraft, Turn, Watched, overtaken
from carafe.registry.traffic import Traffic

_GOING_ON = rollouts.c.state.in_([state.value for state in ACTIVE])


class SqlRollouts:
    """A RolloutStore in SQL.

    Args:
        database: where they are.
        model: returns the row of a model that has versions, or raises ModelNotFound.
        known: returns the row of a model that ever had some, or raises ModelNotFound.
        change: changes an alias, within the transaction of a connection.
    """

    def __init__(
        self,
        database: Database,
        *,
        model: Callable[[Connection, str], int],
        known: Callable[[Connection, str], int],
        change: Callable[[Connection, int, Change], Entry],
    ) -> None:
        self._database = database
        self._model = model
        self._known = known
        self._change = change

    def begin(self, draft: RolloutDraft) -> Rollout:
        """Change the alias and begin a rollout of it, in one."""
        change = draft.change
        with self._database.writing() as connection:
            count_change(connection)
            model = self._model(connection, change.name)
            mine = (rollouts.c.model_id == model) & (rollouts.c.alias == change.alias)
            running = connection.execute(select(rollouts.c.candidate).where(mine, _GOING_ON)).scalar()
            if running is not None:
                raise rolled_out_already(change.name, change.alias, candidate=running)
            entry = self._change(connection, model, change)
            values = {
                "model_id": model,
                "alias": change.alias,
                "stable": draft.stable,
                "candidate": draft.candidate,
                "before": _text(draft.before),
                "plan": _text(draft.plan),
                "state": State.RUNNING.value,
                "step": 0,
                "lasted": 0.0,
                "revision": entry.id,
                "began": entry.when,
                "changed": entry.when,
                "author": change.by,
                "reason": change.reason,
                "outcome": "",
            }
            made = connection.execute(insert(rollouts).values(values).returning(rollouts.c.id)).scalar_one()
            return _read(connection, made)

    def turn(self, rollout: Rollout, turn: Turn) -> Rollout | None:
        """Take a rollout one turn further, where it still is as it was read."""
        with self._database.writing() as connection:
            found = _read(connection, rollout.id)
            if not found.state.active or (found.state, found.step) != (rollout.state, rollout.step):
                return None
            values: dict[str, object] = {
                "state": turn.state.value,
                "step": turn.step,
                "changed": turn.when,
                "outcome": turn.outcome,
            }
            if turn.step != found.step:
                values["lasted"] = 0.0
            if turn.change is not None or not turn.state.active:
                count_change(connection)
            if turn.change is not None:
                model = self._model(connection, found.name)
                values["revision"] = self._change(connection, model, turn.change).id
            connection.execute(update(rollouts).where(rollouts.c.id == rollout.id).values(values))
            return _read(connection, rollout.id)

    def record(self, rollout: Rollout, *, worker: str, seen: Seen, lasted: float) -> Watched:
        """Write down what a worker has seen of a step."""
        with self._database.writing() as connection:
            _read(connection, rollout.id)
            key = {"rollout_id": rollout.id, "step": rollout.step, "worker": worker}
            mine = [rollout_figures.c[name] == value for name, value in key.items()]
            if not connection.execute(update(rollout_figures).where(*mine).values(seen=_text(seen))).rowcount:
                connection.execute(insert(rollout_figures).values(**key, seen=_text(seen)))
            here = (rollouts.c.id == rollout.id) & (rollouts.c.step == rollout.step) & _GOING_ON
            connection.execute(update(rollouts).where(here, rollouts.c.lasted < lasted).values(lasted=lasted))
            return _watched(connection, _read(connection, rollout.id))

    def active(self) -> tuple[Rollout, ...]:
        """Return the rollouts of all models that have not ended."""
        with self._database.reading() as connection:
            rows = connection.execute(_rows().where(_GOING_ON).order_by(rollouts.c.id))
            return tuple(_rollout(row) for row in rows)

    def latest(self, name: str, alias: str) -> Watched:
        """Return the alias's last rollout."""
        with self._database.reading() as connection:
            mine = (rollouts.c.model_id == self._known(connection, name)) & (rollouts.c.alias == alias)
            row = connection.execute(_rows().where(mine).order_by(rollouts.c.id.desc()).limit(1)).one_or_none()
            if row is None:
                raise no_rollout(name, alias)
            return _watched(connection, _rollout(row))

    def past(self, name: str, *, page: int = 1, size: int = 50) -> Page[Rollout]:
        """Return one page of a model's rollouts, the latest first."""
        with self._database.reading() as connection:
            mine = rollouts.c.model_id == self._known(connection, name)
            total: int = connection.execute(select(func.count()).select_from(rollouts).where(mine)).scalar_one()
            chosen = _rows().where(mine).order_by(rollouts.c.id.desc()).limit(size).offset((page - 1) * size)
            items = tuple(_rollout(row) for row in connection.execute(chosen))
            return Page(items=items, total=total, page=page, size=size)


def overtake(connection: Connection, model: int, entry: Entry) -> None:
    """End the active rollout of an alias that was changed; within the same transaction."""
    mine = (rollouts.c.model_id == model) & (rollouts.c.alias == entry.alias) & _GOING_ON
    values = {"state": State.OVERTAKEN.value, "changed": entry.when, "outcome": overtaken(entry)}
    connection.execute(update(rollouts).where(mine).values(values))


def check_unneeded(connection: Connection, model: int, *, name: str, number: int) -> None:
    """Return when no rollout that goes on needs a version of a model; within the transaction that is to delete it.

    Raises:
        VersionInUse: when one does. Its last step points at the candidate alone, and still may turn back.
    """
    mine = (rollouts.c.model_id == model) & _GOING_ON
    needs = (rollouts.c.stable == number) | (rollouts.c.candidate == number)
    columns = (rollouts.c.alias, rollouts.c.stable, rollouts.c.candidate)
    row = connection.execute(select(*columns).where(mine, needs).order_by(rollouts.c.id).limit(1)).one_or_none()
    if row is not None:
        raise rolled_out(name, number, alias=row.alias, stable=row.stable, candidate=row.candidate)


def _rows() -> Select[Any]:
    return select(rollouts, models.c.name).join_from(rollouts, models, models.c.id == rollouts.c.model_id)


def _read(connection: Connection, number: int) -> Rollout:
    row = connection.execute(_rows().where(rollouts.c.id == number)).one_or_none()
    if row is None:
        raise RolloutNotFound(f"there is no rollout {number}")
    return _rollout(row)


def _rollout(row: Row[Any]) -> Rollout:
    return Rollout(
        id=row.id,
        name=row.name,
        alias=row.alias,
        stable=row.stable,
        candidate=row.candidate,
        plan=msgspec.json.decode(row.plan, type=Plan),
        before=msgspec.json.decode(row.before, type=Traffic),
        state=State(row.state),
        step=row.step,
        lasted=row.lasted,
        revision=row.revision,
        began=row.began,
        changed=row.changed,
        by=row.author,
        reason=row.reason,
        outcome=row.outcome,
    )


def _watched(connection: Connection, rollout: Rollout) -> Watched:
    rows = connection.execute(
        select(rollout_figures.c.step, rollout_figures.c.seen)
        .where(rollout_figures.c.rollout_id == rollout.id)
        .order_by(rollout_figures.c.step, rollout_figures.c.id)
    )
    figures = tuple(
        StepFigures.of(step, (msgspec.json.decode(row.seen, type=Seen) for row in group))
        for step, group in groupby(rows, key=lambda row: row.step)
    )
    return Watched(rollout=rollout, figures=figures)


def _text(value: Plan | Traffic | Seen) -> str:
    return msgspec.json.encode(value).decode()
