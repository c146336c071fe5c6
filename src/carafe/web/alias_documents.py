"""What the routes of aliases, their history and the gates take and answer, as types."""

from __future__ import annotations

from datetime import datetime

import msgspec

from carafe.errors import DocumentProblem, InvalidDocument
from carafe.registry import Action, Entry, Page, Share, Traffic
from carafe.registry.alias_documents import AliasDocument, ShareDocument


class AliasChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an alias is to point at: one ``version``, or ``shares`` of several.

    ``shadows`` are asked along. ``sticky`` keeps a caller with one version: ``header:X-User`` or ``field:customer``.
    ``force`` goes through gates, and through a load that fails.
    """

    version: int | None = None
    shares: tuple[ShareDocument, ...] | None = None
    shadows: tuple[int, ...] = ()
    sticky: str | None = None
    reason: str = ""
    force: bool = False

    @property
    def traffic(self) -> Traffic:
        """What the alias is to point at.

        Raises:
            InvalidDocument: when it says neither a version nor shares, or both.
            InvalidTraffic: when the shares make no sense.
        """
        if (self.version is None) is (self.shares is None):
            got = "neither" if self.version is None else "both"
            raise InvalidDocument([DocumentProblem(field="", got=got, expected="a version, or shares of several")])
        shares = self.shares
        if shares is None:
            shares = (ShareDocument(version=self.version or 0, percent=100.0),)
        return Traffic(
            shares=tuple(Share(version=share.version, percent=share.percent) for share in shares),
            shadows=self.shadows,
            sticky=self.sticky,
        )

    @property
    def action(self) -> Action:
        """What the history calls it."""
        plain = self.version is not None and not self.shadows and self.sticky is None
        return Action.PROMOTE if plain else Action.TRAFFIC


class Turn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why an alias is rolled back; ``force`` goes to the version before even if it can't be loaded here."""

    reason: str = ""
    force: bool = False


class TrafficDocument(msgspec.Struct, frozen=True, kw_only=True):
    """Which versions answer, and which are asked along."""

    shares: tuple[ShareDocument, ...]
    shadows: tuple[int, ...]
    sticky: str | None

    @classmethod
    def of(cls, traffic: Traffic) -> TrafficDocument:
        """Return the document of what an alias points at."""
        return cls(shares=ShareDocument.of(traffic), shadows=traffic.shadows, sticky=traffic.sticky)


class AliasList(msgspec.Struct, frozen=True, kw_only=True):
    """All aliases of a model, sorted by name."""

    aliases: list[AliasDocument]


class EntryDocument(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened to a model: who did what, when, from what to what, and why."""

    id: int
    when: datetime
    by: str
    action: Action
    alias: str | None
    version: int | None
    before: TrafficDocument | None
    after: TrafficDocument | None
    reason: str
    forced: bool

    @classmethod
    def of(cls, entry: Entry) -> EntryDocument:
        """Return the document of an entry."""
        return cls(
            id=entry.id,
            when=entry.when,
            by=entry.by,
            action=entry.action,
            alias=entry.alias,
            version=entry.version,
            before=None if entry.before is None else TrafficDocument.of(entry.before),
            after=None if entry.after is None else TrafficDocument.of(entry.after),
            reason=entry.reason,
            forced=entry.forced,
        )


class HistoryPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page of what happened to a model, the latest first."""

    entries: list[EntryDocument]
    total: int
    page: int
    page_size: int

    @classmethod
    def of(cls, page: Page[Entry]) -> HistoryPage:
        """Return the document of a page."""
        entries = [EntryDocument.of(entry) for entry in page.items]
        return cls(entries=entries, total=page.total, page=page.page, page_size=page.size)
