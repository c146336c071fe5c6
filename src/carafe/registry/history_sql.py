"""What happened to models, in a home's database: written once, never changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, func, insert, select

from carafe.database.tables_sql import history, models
from carafe.registry.history import Action, Entry, HistoryQuery
from carafe.registry.query import Page
from carafe.registry.traffic import Traffic


def write(connection: Connection, model: int, entry: Entry) -> Entry:
    """Write an entry down, not earlier than the model's last one, and return it with its identifier and moment."""
    last: datetime | None = connection.execute(
        select(func.max(history.c.created)).where(history.c.model_id == model)
    ).scalar()
    when = entry.when if last is None else max(entry.when, last)
    made: int = connection.execute(
        insert(history)
        .values(
            model_id=model,
            created=when,
            author=entry.by,
            action=entry.action.value,
            alias=entry.alias,
            number=entry.version,
            before=_text(entry.before),
            after=_text(entry.after),
            reason=entry.reason,
            forced=entry.forced,
        )
        .returning(history.c.id)
    ).scalar_one()
    return replace(entry, id=made, when=when)


def read(connection: Connection, model: int, query: HistoryQuery) -> Page[Entry]:
    """Return one page of what happened to a model, the latest first."""
    chosen = select(history, models.c.name).join(models, models.c.id == history.c.model_id)
    chosen = chosen.where(history.c.model_id == model)
    if query.alias is not None:
        chosen = chosen.where(history.c.alias == query.alias)
    if query.until is not None:
        chosen = chosen.where(history.c.created <= query.until)
    total: int = connection.execute(select(func.count()).select_from(chosen.subquery())).scalar_one()
    rows = connection.execute(chosen.order_by(history.c.id.desc()).limit(query.size).offset(query.offset)).all()
    return Page(items=tuple(map(_entry, rows)), total=total, page=query.page, size=query.size)


def _entry(row: Row[Any]) -> Entry:
    return Entry(
        id=row.id,
        name=row.name,
        when=row.created,
        by=row.author,
        action=Action(row.action),
        alias=row.alias,
        version=row.number,
        before=_traffic(row.before),
        after=_traffic(row.after),
        reason=row.reason,
        forced=row.forced,
    )


def _text(traffic: Traffic | None) -> str | None:
    return None if traffic is None else msgspec.json.encode(traffic).decode()


def _traffic(text: str | None) -> Traffic | None:
    return None if text is None else msgspec.json.decode(text, type=Traffic)
