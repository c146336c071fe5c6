"""What aliases point at, in a home's database: looked up, and changed."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from carafe.database.tables_sql import alias_versions, aliases, models, versions
from carafe.registry.absence import no_alias, no_version
from carafe.registry.events import changed
from carafe.registry.gates import Gates
from carafe.registry.history import Change, Entry
from carafe.registry.history_sql import write
from carafe.registry.lists_sql import read_aliases
from carafe.registry.moved import check_expected, check_judged
from carafe.registry.rollout_sql import overtake
from carafe.registry.traffic import Traffic
from carafe.registry.version import Alias


def find_alias(connection: Connection, model: int, *, name: str, alias: str) -> Alias:
    """Return what an alias of a model points at.

    Raises:
        AliasNotFound: when the model has no such alias.
    """
    known = {each.name: each for each in read_aliases(connection, [model])[model]}
    if alias not in known:
        raise no_alias(name, alias, known)
    return known[alias]


def find_gates(connection: Connection, model: int) -> Gates:
    """Return what a version of a model must fulfil before it may answer as champion."""
    text: str | None = connection.execute(select(models.c.gates).where(models.c.id == model)).scalar_one()
    return Gates() if text is None else msgspec.json.decode(text, type=Gates)


def change_alias(connection: Connection, model: int, change: Change) -> Entry:
    """Change or forget an alias of a model that exists, and return the entry of it.

    Raises:
        AliasNotFound, AliasChanged, VersionNotFound: as ``MetadataStore.change``.
    """
    known = {each.name: each for each in read_aliases(connection, [model])[model]}
    found = known.get(change.alias)
    check_expected(change, found)
    check_judged(change, find_gates(connection, model))
    if found is None and change.traffic is None:
        raise no_alias(change.name, change.alias, known)
    rows = _rows(connection, model, change)
    entry = write(connection, model, changed(change, before=found.traffic if found else None))
    _forget_versions(connection, model, change.alias)
    if change.traffic is None:
        connection.execute(delete(aliases).where(aliases.c.model_id == model, aliases.c.alias == change.alias))
    else:
        _point(connection, model, entry, traffic=change.traffic, rows=rows)
    overtake(connection, model, entry)
    return entry


def _rows(connection: Connection, model: int, change: Change) -> Mapping[int, int]:
    """Return the rows of the model's versions by number, which those that the traffic names are among."""
    rows = {
        row.number: row.id
        for row in connection.execute(select(versions.c.number, versions.c.id).where(versions.c.model_id == model))
    }
    for number in change.traffic.numbers if change.traffic else ():
        if number not in rows:
            raise no_version(change.name, number, rows)
    return rows


def _forget_versions(connection: Connection, model: int, alias: str) -> None:
    mine = select(aliases.c.id).where(aliases.c.model_id == model, aliases.c.alias == alias)
    connection.execute(delete(alias_versions).where(alias_versions.c.alias_id.in_(mine)))


def _point(connection: Connection, model: int, entry: Entry, *, traffic: Traffic, rows: Mapping[int, int]) -> None:
    values = {"sticky": traffic.sticky, "changed": entry.when, "revision": entry.id}
    mine = (aliases.c.model_id == model) & (aliases.c.alias == entry.alias)
    if not connection.execute(update(aliases).where(mine).values(values)).rowcount:
        connection.execute(insert(aliases).values(model_id=model, alias=entry.alias, **values))
    alias = connection.execute(select(aliases.c.id).where(mine)).scalar_one()
    connection.execute(
        insert(alias_versions),
        [
            {
                "alias_id": alias,
                "version_id": rows[number],
                "position": position,
                "hundredths": round(traffic.percent(number) * 100),
            }
            for position, number in enumerate(traffic.numbers)
        ],
    )
