"""What is remembered of an API key, and the interface of whatever remembers it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from carafe.access.permission import Role
from carafe.access.rate import Rate
from carafe.errors import KeyNotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRecord:
    """An API key without its secret: only the keyed digest of the secret is kept."""

    id: str
    """The part of the key that is no secret; names it in lists and logs."""
    name: str
    role: Role
    digest: str = field(repr=False)
    """HMAC-SHA256 of the whole key, hexadecimal, keyed with the home's key for API keys."""
    created: datetime
    revoked: datetime | None = None
    rate: Rate | None = None
    """How much its owner may ask in how long; None where the service's own setting says."""


class KeyStore(Protocol):
    """Where key records are kept. ``carafe.testing.check_key_store`` holds what every implementation must do."""

    def add(self, record: KeyRecord) -> None:
        """Remember a new key."""
        ...

    def add_first(self, record: KeyRecord) -> bool:
        """Remember the key unless one of its role, revoked or not, was ever remembered; tell whether it was."""
        ...

    def find(self, key: str) -> KeyRecord | None:
        """Return the record with this identifier, or None."""
        ...

    def all(self) -> tuple[KeyRecord, ...]:
        """Return every record, revoked ones included, oldest first."""
        ...

    def limit(self, key: str, rate: Rate | None) -> KeyRecord:
        """Change how much a key's owner may ask, and return its record.

        Raises:
            KeyNotFound: when there is no such key.
        """
        ...

    def revoke(self, key: str, *, when: datetime) -> KeyRecord:
        """Mark a key as revoked and return its record; one that was revoked before keeps its first date.

        Raises:
            KeyNotFound: when there is no such key.
        """
        ...


def no_such_key(key: str) -> KeyNotFound:
    """Return the error that says that no key has this identifier."""
    return KeyNotFound(f"there is no key {key[:40]!r}: `carafe keys list` shows the identifiers")
