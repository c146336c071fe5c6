"""The queries behind lists of models and versions, and their rows as what the registry speaks of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select

from carafe.database.tables_sql import aliases, models, versions
from carafe.models.manifest import decode_manifest
from carafe.registry.query import Query, Sort
from carafe.registry.version import Alias, RegisteredModel, Version
from carafe.schema import Task

Statement = Select[Any]


def version_rows() -> Statement:
    """Return the query for all versions, each with its model's name."""
    return select(versions, models.c.name).join_from(versions, models, versions.c.model_id == models.c.id)


def latest_models() -> Statement:
    """Return the query for all models that have versions, each with its latest version and how many there are."""
    numbers = (
        select(versions.c.model_id, func.max(versions.c.number).label("latest"), func.count().label("held"))
        .group_by(versions.c.model_id)
        .subquery()
    )
    return (
        select(models.c.id, models.c.name, models.c.created, numbers.c.latest, numbers.c.held, versions.c.task)
        .join_from(models, numbers, models.c.id == numbers.c.model_id)
        .join(versions, (versions.c.model_id == models.c.id) & (versions.c.number == numbers.c.latest))
    )


def model_row(connection: Connection, name: str) -> int | None:
    """Return the row of a model that has versions, or None."""
    statement = latest_models().where(models.c.name == name).with_only_columns(models.c.id)
    found: int | None = connection.execute(statement).scalar()
    return found


def paged(
    statement: Statement,
    query: Query,
    *,
    by_name: Iterable[ColumnElement[Any]],
    by_created: Iterable[ColumnElement[Any]],
) -> Statement:
    """Return ``statement`` with the filter, order and page that ``query`` asks for."""
    order = by_created if query.sort is Sort.CREATED else by_name
    ordered = [column.desc() if query.descending else column.asc() for column in order]
    return _filtered(statement, query).order_by(*ordered).limit(query.size).offset(query.offset)


def count(connection: Connection, statement: Statement, query: Query) -> int:
    """Return how many rows all pages have together."""
    total: int = connection.execute(
        select(func.count()).select_from(_filtered(statement, query).subquery())
    ).scalar_one()
    return total


def read_versions(connection: Connection, statement: Statement) -> tuple[Version, ...]:
    """Run a query made of ``version_rows`` and return its versions, in its order."""
    rows = connection.execute(statement).all()
    names = _aliases(connection, aliases.c.version_id, [row.id for row in rows])
    return tuple(
        Version(
            name=row.name,
            number=row.number,
            created=row.created,
            digest=row.digest,
            manifest=decode_manifest(row.manifest.encode()),
            aliases=tuple(name for name, _ in names[row.id]),
            artefact=row.artefact,
            verdict=row.verdict,
        )
        for row in rows
    )


def read_models(connection: Connection, statement: Statement) -> tuple[RegisteredModel, ...]:
    """Run a query made of ``latest_models`` and return its models, in its order."""
    rows = connection.execute(statement).all()
    names = _aliases(connection, aliases.c.model_id, [row.id for row in rows])
    return tuple(
        RegisteredModel(
            name=row.name,
            created=row.created,
            task=Task(row.task),
            latest=row.latest,
            versions=row.held,
            aliases=tuple(Alias(name=name, number=number) for name, number in names[row.id]),
        )
        for row in rows
    )


def _aliases(
    connection: Connection, owner: ColumnElement[int], owners: Sequence[int]
) -> defaultdict[int, list[tuple[str, int]]]:
    """Return the aliases of some models or versions, sorted, each with the number it points at."""
    statement = (
        select(owner.label("owner"), aliases.c.alias, versions.c.number)
        .join_from(aliases, versions, aliases.c.version_id == versions.c.id)
        .where(owner.in_(owners))
        .order_by(aliases.c.alias)
    )
    found: defaultdict[int, list[tuple[str, int]]] = defaultdict(list)
    for row in connection.execute(statement):
        found[row.owner].append((row.alias, row.number))
    return found


def _filtered(statement: Statement, query: Query) -> Statement:
    if query.contains:
        statement = statement.where(models.c.name.contains(query.contains.lower(), autoescape=True))
    if query.task is not None:
        statement = statement.where(versions.c.task == query.task.value)
    return statement
