"""Key records in this process's memory: for tests and quick starts."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from threading import Lock

from carafe.access.key_store import KeyRecord, no_such_key
from carafe.access.rate import Rate


class MemoryKeyStore:
    """A KeyStore that forgets everything when the process ends."""

    def __init__(self) -> None:
        self._records: dict[str, KeyRecord] = {}
        self._lock = Lock()

    def add(self, record: KeyRecord) -> None:
        """Remember a new key."""
        with self._lock:
            self._records[record.id] = record

    def add_first(self, record: KeyRecord) -> bool:
        """Remember the key unless one of its role was ever remembered; tell whether it was."""
        with self._lock:
            if any(known.role is record.role for known in self._records.values()):
                return False
            self._records[record.id] = record
            return True

    def find(self, key: str) -> KeyRecord | None:
        """Return the record with this identifier, or None."""
        return self._records.get(key)

    def all(self) -> tuple[KeyRecord, ...]:
        """Return every record, revoked ones included, oldest first."""
        with self._lock:
            return tuple(sorted(self._records.values(), key=lambda record: (record.created, record.id)))

    def limit(self, key: str, rate: Rate | None) -> KeyRecord:
        """Change how much a key's owner may ask; raise KeyNotFound when there is none."""
        with self._lock:
            if key not in self._records:
                raise no_such_key(key)
            record = self._records[key] = replace(self._records[key], rate=rate)
            return record

    def revoke(self, key: str, *, when: datetime) -> KeyRecord:
        """Mark a key as revoked and return its record; raise KeyNotFound when there is none."""
        with self._lock:
            record = self._records.get(key)
            if record is None:
                raise no_such_key(key)
            if record.revoked is None:
                record = self._records[key] = replace(record, revoked=when)
            return record
