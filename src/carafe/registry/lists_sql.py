"""The queries behind lists of models, versions and aliases, and their rows as what the registry speaks of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, func, select, tuple_

from carafe.database.tables_sql import alias_versions, aliases, models, versions
from carafe.models.manifest import decode_manifest
from carafe.registry.query import FIRST, Query, Sort
from carafe.registry.traffic import Share, Traffic
from carafe.registry.version import Alias, Pointed, RegisteredModel, Version
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
    order = tuple(by_created if query.sort is Sort.CREATED else by_name)
    ordered = [column.desc() if query.descending else column.asc() for column in order]
    chosen = _filtered(statement, query)
    if query.after != FIRST:
        chosen = chosen.where(tuple_(*order) > tuple_(*query.after[: len(order)]))
    return chosen.order_by(*ordered).limit(query.size).offset(query.offset)


def count(connection: Connection, statement: Statement, query: Query) -> int:
    """Return how many rows all pages have together."""
    total: int = connection.execute(
        select(func.count()).select_from(_filtered(statement, query).subquery())
    ).scalar_one()
    return total


def read_versions(connection: Connection, statement: Statement) -> tuple[Version, ...]:
    """Run a query made of ``version_rows`` and return its versions, in its order."""
    rows = connection.execute(statement).all()
    pointed = _pointed(connection, [row.id for row in rows])
    return tuple(
        Version(
            name=row.name,
            number=row.number,
            created=row.created,
            digest=row.digest,
            manifest=decode_manifest(row.manifest.encode()),
            pointed=tuple(pointed[row.id]),
            artefact=row.artefact,
            verdict=row.verdict,
        )
        for row in rows
    )


def read_models(connection: Connection, statement: Statement) -> tuple[RegisteredModel, ...]:
    """Run a query made of ``latest_models`` and return its models, in its order."""
    rows = connection.execute(statement).all()
    named = read_aliases(connection, [row.id for row in rows])
    return tuple(
        RegisteredModel(
            name=row.name,
            created=row.created,
            task=Task(row.task),
            latest=row.latest,
            versions=row.held,
            aliases=tuple(named[row.id]),
        )
        for row in rows
    )


def read_aliases(connection: Connection, owners: Sequence[int]) -> defaultdict[int, list[Alias]]:
    """Return the aliases of the models with these rows, sorted by name."""
    statement = (
        select(aliases, alias_versions.c.hundredths, versions.c.number)
        .join_from(aliases, alias_versions, alias_versions.c.alias_id == aliases.c.id)
        .join(versions, versions.c.id == alias_versions.c.version_id)
        .where(aliases.c.model_id.in_(owners))
        .order_by(aliases.c.alias, alias_versions.c.position)
    )
    found: defaultdict[int, list[Alias]] = defaultdict(list)
    for _, group in groupby(connection.execute(statement), key=lambda row: row.id):
        rows = list(group)
        found[rows[0].model_id].append(_alias(rows))
    return found


def _alias(rows: Sequence[Row[Any]]) -> Alias:
    """Return the alias that the rows of its versions make."""
    first = rows[0]
    traffic = Traffic(
        shares=tuple(Share(version=row.number, percent=row.hundredths / 100) for row in rows if row.hundredths),
        shadows=tuple(row.number for row in rows if not row.hundredths),
        sticky=first.sticky,
    )
    return Alias(name=first.alias, traffic=traffic, revision=first.revision, changed=first.changed)


def _pointed(connection: Connection, owners: Sequence[int]) -> defaultdict[int, list[Pointed]]:
    """Return which aliases point at the versions with these rows, sorted by name."""
    statement = (
        select(alias_versions.c.version_id, alias_versions.c.hundredths, aliases.c.alias)
        .join_from(alias_versions, aliases, aliases.c.id == alias_versions.c.alias_id)
        .where(alias_versions.c.version_id.in_(owners))
        .order_by(aliases.c.alias)
    )
    found: defaultdict[int, list[Pointed]] = defaultdict(list)
    for row in connection.execute(statement):
        found[row.version_id].append(Pointed(alias=row.alias, percent=row.hundredths / 100))
    return found


def _filtered(statement: Statement, query: Query) -> Statement:
    if query.contains:
        statement = statement.where(models.c.name.contains(query.contains.lower(), autoescape=True))
    if query.task is not None:
        statement = statement.where(versions.c.task == query.task.value)
    return statement
