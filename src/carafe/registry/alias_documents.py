"""An alias, and the gates before it, as programs read them: what the service answers and the commands print as JSON."""

from __future__ import annotations

from datetime import datetime

import msgspec

from carafe.registry.gates import Gates
from carafe.registry.history import Entry
from carafe.registry.traffic import Traffic
from carafe.registry.version import Alias


class ShareDocument(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A version, and how many of a hundred requests it answers."""

    version: int
    percent: float

    @classmethod
    def of(cls, traffic: Traffic) -> tuple[ShareDocument, ...]:
        """Return the documents of all versions that answer."""
        return tuple(cls(version=share.version, percent=share.percent) for share in traffic.shares)


class AliasDocument(msgspec.Struct, frozen=True, kw_only=True):
    """What an alias points at. ``version`` answers where only one can; ``revision`` changes with every change."""

    model: str
    alias: str
    version: int
    shares: tuple[ShareDocument, ...]
    shadows: tuple[int, ...]
    sticky: str | None
    revision: int
    changed: datetime
    at: datetime | msgspec.UnsetType = msgspec.UNSET
    """The moment that was asked for, or now where that is still to come; absent where none was."""

    @classmethod
    def of(cls, name: str, alias: Alias) -> AliasDocument:
        """Return the document of an alias as it is."""
        return cls._of(name, alias.name, alias.traffic, revision=alias.revision, changed=alias.changed)

    @classmethod
    def then(cls, entry: Entry, *, at: datetime | None = None) -> AliasDocument:
        """Return the document of an alias as it was after a change that did not drop it; ``at`` a moment, if any."""
        if entry.after is None or entry.alias is None:  # such an entry is of no alias, or of its end
            raise AssertionError
        found = cls._of(entry.name, entry.alias, entry.after, revision=entry.id, changed=entry.when)
        return found if at is None else msgspec.structs.replace(found, at=at)

    @classmethod
    def _of(cls, name: str, alias: str, traffic: Traffic, *, revision: int, changed: datetime) -> AliasDocument:
        return cls(
            model=name,
            alias=alias,
            version=traffic.main,
            shares=ShareDocument.of(traffic),
            shadows=traffic.shadows,
            sticky=traffic.sticky,
            revision=revision,
            changed=changed,
        )


class GatesDocument(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a version must fulfil before it may answer as champion; nothing unless said."""

    worse_by: float | None = None
    signature: bool = False
    proof: bool = False

    @classmethod
    def of(cls, gates: Gates) -> GatesDocument:
        """Return the document of a model's gates."""
        return cls(worse_by=gates.worse_by, signature=gates.signature, proof=gates.proof)

    @property
    def gates(self) -> Gates:
        """The gates.

        Raises:
            InvalidParameter: when the margin is no number from 0 on.
        """
        return Gates(worse_by=self.worse_by, signature=self.signature, proof=self.proof)
