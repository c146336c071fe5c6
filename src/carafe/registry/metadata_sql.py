"""Which versions there are, in a home's database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, Table, delete, insert, select, update

from carafe.database import Database
from carafe.database.tables_sql import aliases, home, models, versions
from carafe.models.manifest import encode_manifest
from carafe.registry.absence import in_use, no_alias, no_model, no_version
from carafe.registry.lists_sql import count, latest_models, model_row, paged, read_models, read_versions, version_rows
from carafe.registry.metadata import Draft
from carafe.registry.promotion import Standing, Verdict
from carafe.registry.query import Page, Query
from carafe.registry.version import RegisteredModel, Version
from carafe.schema.exchange import CHAMPION


class SqlMetadata:
    """A MetadataStore in SQL. Every change first takes the home's row, so that writers come one after the other."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def generation(self) -> int:
        """Return how many changes there were."""
        with self._database.reading() as connection:
            number: int = connection.execute(select(home.c.generation)).scalar_one()
            return number

    def add(self, draft: Draft, *, judge: Callable[[Standing], Verdict]) -> Version:
        """Give a version the model's next number; ask ``judge`` whether it becomes champion."""
        with self._database.writing() as connection:
            _count_change(connection)
            verdict = judge(_standing(connection, draft.name))
            model, number = _next_number(connection, draft)
            row = _insert(
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
            if verdict.promote:
                _point(connection, model, CHAMPION, row, draft.created)
            return _version(connection, draft.name, number)

    def version(self, name: str, number: int) -> Version:
        """Return a version by its number."""
        with self._database.reading() as connection:
            return _version(connection, name, number)

    def aliased(self, name: str, alias: str) -> Version:
        """Return the version that an alias points at."""
        with self._database.reading() as connection:
            return _aliased(connection, name, alias)

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

    def point(self, name: str, alias: str, number: int, *, when: datetime) -> Version:
        """Let an alias point at a version, and return that version."""
        with self._database.writing() as connection:
            _count_change(connection)
            _version(connection, name, number)
            model, row = _ids(connection, name, number)
            _point(connection, model, alias, row, when)
            return _version(connection, name, number)

    def drop(self, name: str, alias: str) -> None:
        """Forget an alias."""
        with self._database.writing() as connection:
            _count_change(connection)
            model, _ = _ids(connection, name, _aliased(connection, name, alias).number)
            connection.execute(delete(aliases).where(aliases.c.model_id == model, aliases.c.alias == alias))

    def remove(self, name: str, number: int) -> Version:
        """Forget a version, and return what it was."""
        with self._database.writing() as connection:
            _count_change(connection)
            version = _version(connection, name, number)
            if version.aliases:
                raise in_use(name, number, version.aliases)
            _, row = _ids(connection, name, number)
            connection.execute(delete(versions).where(versions.c.id == row))
            return version

    def artefacts(self) -> frozenset[str]:
        """Return the store's names of all versions' artefacts."""
        with self._database.reading() as connection:
            return frozenset(connection.execute(select(versions.c.artefact)).scalars())

    def close(self) -> None:
        """Let go of the database's connections."""
        self._database.close()


def _count_change(connection: Connection) -> None:
    """Take the home's row until the transaction ends; undone with it when the change is refused."""
    connection.execute(update(home).values(generation=home.c.generation + 1))


def _standing(connection: Connection, name: str) -> Standing:
    of_model = version_rows().where(models.c.name == name)
    champion = of_model.join(aliases, aliases.c.version_id == versions.c.id).where(aliases.c.alias == CHAMPION)
    found = read_versions(connection, champion)
    first = model_row(connection, name) is None
    return Standing(first=first, champion=found[0] if found else None)


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


def _aliased(connection: Connection, name: str, alias: str) -> Version:
    of_model = version_rows().where(models.c.name == name)
    pointed = of_model.join(aliases, aliases.c.version_id == versions.c.id).where(aliases.c.alias == alias)
    found = read_versions(connection, pointed)
    if found:
        return found[0]
    if model_row(connection, name) is None:
        raise _no_model(connection, name)
    known = select(aliases.c.alias).join(models, models.c.id == aliases.c.model_id).where(models.c.name == name)
    raise no_alias(name, alias, connection.execute(known).scalars().all())


def _no_model(connection: Connection, name: str) -> Exception:
    return no_model(name, connection.execute(latest_models().with_only_columns(models.c.name)).scalars().all())


def _ids(connection: Connection, name: str, number: int) -> tuple[int, int]:
    """Return the rows of a model and of one of its versions, which exists."""
    statement = version_rows().where(models.c.name == name, versions.c.number == number)
    row = connection.execute(statement.with_only_columns(models.c.id, versions.c.id)).one()
    return row[0], row[1]


def _point(connection: Connection, model: int, alias: str, version: int, when: datetime) -> None:
    moved = connection.execute(
        update(aliases)
        .where(aliases.c.model_id == model, aliases.c.alias == alias)
        .values(version_id=version, changed=when)
    )
    if not moved.rowcount:
        connection.execute(insert(aliases).values(model_id=model, alias=alias, version_id=version, changed=when))
