"""What aliases point at, what gates stand before the champion, and what happened to it all: asked, never changed."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from carafe.errors import AliasNotFound, VersionNotFound
from carafe.registry.gates import Gates
from carafe.registry.history import Entry, HistoryQuery, so_far
from carafe.registry.query import Page
from carafe.registry.version import Alias, Version
from carafe.registry.versions import Versions
from carafe.schema.exchange import CHAMPION, check_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Record(Versions):
    """The part of a Registry that tells what aliases are and were."""

    def alias(self, name: str, alias: str = CHAMPION) -> Alias:
        """Return what an alias points at, and its revision.

        Raises:
            ModelNotFound: when no model has this name.
            AliasNotFound: when the model has no such alias.
        """
        return self.metadata.alias(check_name(name), check_name(alias, what="alias"))

    def history(self, name: str, query: HistoryQuery | None = None) -> Page[Entry]:
        """Return one page of what happened to a model, by default the latest fifty entries, the latest first.

        Raises:
            ModelNotFound: when no model ever had this name.
        """
        return self.metadata.history(check_name(name), query or HistoryQuery())

    def answering(self, name: str, alias: str = CHAMPION, *, when: datetime) -> Entry:
        """Return the entry that says what an alias pointed at in a moment; in one still to come, what it does so far.

        Raises:
            ModelNotFound: when no model ever had this name.
            AliasNotFound: when there was no such alias then.
        """
        check_name(alias, what="alias")
        found = self.history(name, HistoryQuery(alias=alias, until=when, size=1)).items
        if not found or found[0].after is None:
            raise AliasNotFound(f"{name} had no alias {alias!r} on {so_far(when):%Y-%m-%d %H:%M:%S %Z}")
        return found[0]

    def gates(self, name: str) -> Gates:
        """Return what a version of a model must fulfil before it may answer as champion.

        Raises:
            ModelNotFound: when no model ever had this name.
        """
        return self.metadata.gates(check_name(name))

    def _measure(self, name: str, alias: str = CHAMPION) -> Version | None:
        """Return the version that others are held against: the alias's main one.

        Where the alias was dropped, it is the last main one that still exists: a drop leads round no gate.
        """
        with suppress(AliasNotFound):
            return self.metadata.aliased(name, alias)
        for entry in reversed(self._past(name, alias)):
            for traffic in (entry.after, entry.before):
                with suppress(VersionNotFound):
                    if traffic is not None:
                        return self.metadata.version(name, traffic.main)
        return None

    def _found(self, name: str, alias: str) -> Alias | None:
        try:
            return self.metadata.alias(name, alias)
        except AliasNotFound:
            return None

    def _past(self, name: str, alias: str) -> list[Entry]:
        """Return all entries of an alias, the earliest first."""
        entries: list[Entry] = []
        while True:
            query = HistoryQuery(alias=alias, page=len(entries) // 1000 + 1, size=1000)
            page = self.metadata.history(name, query).items
            entries += page
            if len(page) < 1000:
                return entries[::-1]
