"""What happened to a model's versions and aliases: who, when, from what to what, why. Entries are only added."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum

from carafe.errors import InvalidParameter
from carafe.registry.gates import Gates
from carafe.registry.traffic import Traffic

MAX_REASON = 500
"""The most characters that an entry keeps of why something was done, and of who did it."""


class Action(StrEnum):
    """What was done."""

    PUBLISH = "publish"
    """A version was added; where it became champion, an entry of its own says so."""
    PROMOTE = "promote"
    """An alias was pointed at one version."""
    TRAFFIC = "traffic"
    """An alias was told to share its requests, or to ask shadows."""
    ROLLOUT = "rollout"
    """A rollout began, or took a step."""
    ROLLBACK = "rollback"
    """An alias was pointed back at what it had before: by hand, or by a rollout that turned back."""
    DROP = "drop"
    """An alias was forgotten."""
    DELETE = "delete"
    """A version was deleted."""
    GATES = "gates"
    """What a promotion must fulfil was changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that was done."""

    id: int
    """Grows with every entry of the registry. That of an alias's last entry is its revision."""
    name: str
    """The model."""
    when: datetime
    """In UTC. The entries of one model never go back in time, whatever the clocks of several machines say."""
    by: str
    """Who did it: a key's name and identifier, or an account of the operating system. Empty where nobody said."""
    action: Action
    alias: str | None = None
    """The alias that was changed; None where a version was added or deleted."""
    version: int | None = None
    """The version that was added or deleted."""
    before: Traffic | None = None
    """What the alias pointed at; None where there was no such alias."""
    after: Traffic | None = None
    """What it pointed at from then on; None where it was forgotten."""
    reason: str = ""
    """Why, in the words of whoever did it, or Carafe's own."""
    forced: bool = False
    """Whether it was done against the model's gates, or although a version could not be loaded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is to be done to an alias."""

    name: str
    alias: str
    traffic: Traffic | None
    """What it is to point at; None to forget it."""
    action: Action
    when: datetime
    by: str = ""
    reason: str = ""
    forced: bool = False
    expected: int | None = None
    """The revision that the alias must have, 0 for "no such alias yet"; None where any will do."""
    judged: Gates | None = None
    """The gates by which it was judged, which must still be the model's; None where none stand before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryQuery:
    """Which entries of a model, the latest first."""

    alias: str | None = None
    """Only those of one alias."""
    until: datetime | None = None
    """Only those that had happened by then."""
    page: int = 1
    size: int = 50

    @property
    def offset(self) -> int:
        """How many entries come before the page."""
        return (self.page - 1) * self.size


def said(text: str, *, what: str) -> str:
    """Return what someone said of a change, without the blanks around it.

    Raises:
        InvalidParameter: when it is longer than an entry keeps, or holds characters that can't be shown.
    """
    text = text.strip()
    if len(text) > MAX_REASON:
        raise InvalidParameter(f"{what}: got {len(text)} characters, expected at most {MAX_REASON}")
    if not all(character.isprintable() or character == "\n" for character in text):
        raise InvalidParameter(f"{what}: got characters that can't be shown, expected plain text")
    return text


def last_moment(day: date) -> datetime:
    """Return what a plain day means where a moment is asked for: its end, in UTC."""
    return datetime.combine(day, time.max, tzinfo=UTC)


def so_far(when: datetime) -> datetime:
    """Return the moment of which something is known: ``when``, or now where that is still to come."""
    return min(when, datetime.now(UTC))


def settled_before(entries: list[Entry]) -> list[int]:
    """Return the versions to which a rollback may lead, the nearest first.

    A rollback leads past shares and steps of a rollout to the last version that answered alone. Where one was rolled
    back already, another leads further back, not forth again.

    Args:
        entries: all entries of one alias, the earliest first.
    """
    stack: list[int] = []
    current: Traffic | None = None
    for entry in entries:
        current = entry.after
        if current is None or not current.whole:
            continue
        while entry.action is Action.ROLLBACK and stack and stack[-1] != current.main:
            stack.pop()
        if not stack or stack[-1] != current.main:
            stack.append(current.main)
    if current is not None and current.whole and stack:
        stack.pop()
    return stack[::-1]
