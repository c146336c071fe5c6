"""What happens to a model, as the entry that its history gets: the same from every implementation."""

from __future__ import annotations

from datetime import datetime

from carafe.registry.gates import Gates
from carafe.registry.history import Action, Change, Entry
from carafe.registry.metadata import Draft
from carafe.registry.promotion import Verdict
from carafe.registry.traffic import Traffic
from carafe.registry.version import Version
from carafe.schema.exchange import CHAMPION

UNWRITTEN = 0
"""The identifier of an entry that the store has not written down yet."""


def published(draft: Draft, number: int) -> Entry:
    """Return the entry of a version that was added."""
    return Entry(
        id=UNWRITTEN,
        name=draft.name,
        when=draft.created,
        by=draft.by,
        action=Action.PUBLISH,
        version=number,
        reason=draft.reason,
    )


def crowned(draft: Draft, number: int, verdict: Verdict) -> Change:
    """Return the change by which a new version becomes champion."""
    return Change(
        name=draft.name,
        alias=CHAMPION,
        traffic=Traffic.to(number),
        action=Action.PROMOTE,
        when=draft.created,
        by=draft.by,
        reason=verdict.reason,
    )


def changed(change: Change, *, before: Traffic | None) -> Entry:
    """Return the entry of an alias that was changed or forgotten."""
    return Entry(
        id=UNWRITTEN,
        name=change.name,
        when=change.when,
        by=change.by,
        action=change.action,
        alias=change.alias,
        before=before,
        after=change.traffic,
        reason=change.reason,
        forced=change.forced,
    )


def deleted(version: Version, *, when: datetime, by: str) -> Entry:
    """Return the entry of a version that was deleted."""
    return Entry(id=UNWRITTEN, name=version.name, when=when, by=by, action=Action.DELETE, version=version.number)


def gated(name: str, gates: Gates, *, when: datetime, by: str) -> Entry:
    """Return the entry of gates that were set."""
    return Entry(id=UNWRITTEN, name=name, when=when, by=by, action=Action.GATES, reason=str(gates))
