"""Which versions there are, in a home's database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec
from sqlalchemy import Connection, Table, delete, insert, select, update

from carafe.database import Database
from carafe.database.tables_sql import home, models, versions
from carafe.models.manifest import encode_manifest
from carafe.registry import history_sql
from carafe.registry.absence import in_use, no_model, no_version
from carafe.registry.aliases_sql import change_alias, find_alias, find_gates
from carafe.registry.events import crowned, deleted, gated, published
from carafe.registry.gates import Gates
from carafe.registry.generation_sql import count_change
from carafe.registry.history import Change, Entry, HistoryQuery
from carafe.registry.lists_sql import (
    count,
    latest_models,
    model_row,
    paged,
    read_aliases,
    read_models,
    read_versions,
    version_rows,
)
from carafe.registry.metadata import Draft
from carafe.registry.promotion import Standing, Verdict
from carafe.registry.query import Page, Query
from carafe.registry.rollout_sql import SqlRollouts, check_unneeded
from carafe.registry.rollout_store import RolloutStore
from carafe.registry.version import Alias, RegisteredModel, Version
from carafe.schema.exchange import CHAMPION


class SqlMetadata:
    """A MetadataStore in SQL. Every change first takes the home's row, so that writers come one after the other."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rollouts = SqlRollouts(database, model=_model, known=_known, change=change_alias)

    @property
    def rollouts(self) -> RolloutStore:
        """The rollouts of the same models."""
        return self._rollouts

    def generation(self) -> int:
        """Return how many changes there were."""
        number: int = self._database.scalar(select(home.c.generation))
        return number

    def add(self, draft: Draft, *, judge: Callable[[Standing], Verdict]) -> Version:
        """Give a version the model's next number; ask ``judge`` whether it becomes champion."""
        with self._database.writing() as connection:
            count_change(connection)
            verdict = judge(_standing(connection, draft.name))
            model, number = _next_number(connection, draft)
            _insert(
                connection,
                versions,
                model_id=model,
                number=number,
                created=draft.created,
                task=draft.manifest.task.value,
                digest=draft.digest,
                artefact=draft.artefact,
                manifest=encode_manifest(draft.manifest).decode(),
                verdict=verdict.reason,
            )
            history_sql.write(connection, model, published(draft, number))
            if verdict.promote:
                change_alias(connection, model, crowned(draft, number, verdict))
            return _version(connection, draft.name, number)

    def version(self, name: str, number: int) -> Version:
        """Return a version by its number."""
        with self._database.reading() as connection:
            return _version(connection, name, number)

    def aliased(self, name: str, alias: str) -> Version:
        """Return the main version that an alias points at."""
        with self._database.reading() as connection:
            model = _model(connection, name)
            number = find_alias(connection, model, name=name, alias=alias).number
            return _version(connection, name, number)

    def alias(self, name: str, alias: str) -> Alias:
        """Return what an alias points at, and its revision."""
        with self._database.reading() as connection:
            return find_alias(connection, _model(connection, name), name=name, alias=alias)

    def model(self, name: str) -> RegisteredModel:
        """Return a model that has at least one version."""
        with self._database.reading() as connection:
            found = read_models(connection, latest_models().where(models.c.name == name))
            if not found:
                raise _no_model(connection, name)
            return found[0]

    def models(self, query: Query) -> Page[RegisteredModel]:
        """Return one page of the models that have versions."""
        with self._database.reading() as connection:
            statement, order = latest_models(), [models.c.name]
            chosen = paged(statement, query, by_name=order, by_created=[models.c.created, *order])
            total = count(connection, statement, query)
            return Page(items=read_models(connection, chosen), total=total, page=query.page, size=query.size)

    def versions(self, query: Query, *, name: str | None = None) -> Page[Version]:
        """Return one page of the versions, of one model or of all."""
        with self._database.reading() as connection:
            statement, order = version_rows(), [models.c.name, versions.c.number]
            if name is not None:
                statement = statement.where(models.c.name == name)
                if model_row(connection, name) is None:
                    raise _no_model(connection, name)
            by_created = [versions.c.created, *order] if name is None else order
            chosen = paged(statement, query, by_name=order, by_created=by_created)
            total = count(connection, statement, query)
            return Page(items=read_versions(connection, chosen), total=total, page=query.page, size=query.size)

    def change(self, change: Change) -> Entry:
        """Change or forget an alias, and return the entry that the history has of it."""
        with self._database.writing() as connection:
            count_change(connection)
            return change_alias(connection, _model(connection, change.name), change)

    def remove(self, name: str, number: int, *, when: datetime, by: str = "") -> Version:
        """Forget a version, and return what it was."""
        with self._database.writing() as connection:
            count_change(connection)
            version = _version(connection, name, number)
            model = _model(connection, name)
            check_unneeded(connection, model, name=name, number=number)
            if version.pointed:
                raise in_use(name, number, version.pointed)
            connection.execute(delete(versions).where(versions.c.model_id == model, versions.c.number == number))
            history_sql.write(connection, model, deleted(version, when=when, by=by))
            return version

    def history(self, name: str, query: HistoryQuery) -> Page[Entry]:
        """Return one page of what happened to a model, the latest first."""
        with self._database.reading() as connection:
            return history_sql.read(connection, _known(connection, name), query)

    def gates(self, name: str) -> Gates:
        """Return what a version must fulfil before it may answer as champion."""
        with self._database.reading() as connection:
            return find_gates(connection, _known(connection, name))

    def set_gates(self, name: str, gates: Gates, *, when: datetime, by: str = "") -> None:
        """Change what a version must fulfil before it may answer as champion."""
        with self._database.writing() as connection:
            count_change(connection)
            model = _known(connection, name)
            text = msgspec.json.encode(gates).decode()
            connection.execute(update(models).where(models.c.id == model).values(gates=text))
            history_sql.write(connection, model, gated(name, gates, when=when, by=by))

    def artefacts(self) -> frozenset[str]:
        """Return the store's names of all versions' artefacts."""
        with self._database.reading() as connection:
            return frozenset(connection.execute(select(versions.c.artefact)).scalars())

    def close(self) -> None:
        """Let go of the database's connections."""
        self._database.close()


def _standing(connection: Connection, name: str) -> Standing:
    """Return what a new version of a model meets."""
    known = connection.execute(select(models.c.id, models.c.last_number).where(models.c.name == name)).one_or_none()
    last, gates = (0, Gates()) if known is None else (known.last_number, find_gates(connection, known.id))
    model = model_row(connection, name)
    if model is None:
        return Standing(first=True, champion=None, gates=gates, last=last)
    found = next((each for each in read_aliases(connection, [model])[model] if each.name == CHAMPION), None)
    champion = None if found is None else _version(connection, name, found.number)
    return Standing(first=False, champion=champion, gates=gates, last=last)


def _next_number(connection: Connection, draft: Draft) -> tuple[int, int]:
    """Return the model's row and the number of its next version; make the row where there is none."""
    row = connection.execute(select(models.c.id, models.c.last_number).where(models.c.name == draft.name)).one_or_none()
    if row is None:
        return _insert(connection, models, name=draft.name, created=draft.created, last_number=1), 1
    connection.execute(update(models).where(models.c.id == row.id).values(last_number=row.last_number + 1))
    return row.id, row.last_number + 1


def _insert(connection: Connection, table: Table, **values: object) -> int:
    number: int = connection.execute(insert(table).values(values).returning(table.c.id)).scalar_one()
    return number


def _version(connection: Connection, name: str, number: int) -> Version:
    of_model = version_rows().where(models.c.name == name)
    found = read_versions(connection, of_model.where(versions.c.number == number))
    if found:
        return found[0]
    known = connection.execute(of_model.with_only_columns(versions.c.number)).scalars().all()
    raise no_version(name, number, known) if known else _no_model(connection, name)


def _model(connection: Connection, name: str) -> int:
    """Return the row of a model that has versions."""
    model = model_row(connection, name)
    if model is None:
        raise _no_model(connection, name)
    return model


def _known(connection: Connection, name: str) -> int:
    """Return the row of a model that ever had versions."""
    model: int | None = connection.execute(select(models.c.id).where(models.c.name == name)).scalar()
    if model is None:
        raise _no_model(connection, name)
    return model


def _no_model(connection: Connection, name: str) -> Exception:
    return no_model(name, connection.execute(latest_models().with_only_columns(models.c.name)).scalars().all())
