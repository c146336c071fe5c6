"""Key records in a home's database."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Connection, Row, exists, insert, select, update

from carafe.access.key_store import KeyRecord, no_such_key
from carafe.access.permission import Role
from carafe.access.rate import Rate
from carafe.database import Database
from carafe.database.tables_sql import keys


class SqlKeyStore:
    """A KeyStore in SQL: one row a key."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, record: KeyRecord) -> None:
        """Remember a new key."""
        with self._database.writing() as connection:
            connection.execute(insert(keys).values(_row(record)))

    def add_first(self, record: KeyRecord) -> bool:
        """Remember the key unless one of its role was ever remembered; tell whether it was."""
        with self._database.writing() as connection:
            if connection.execute(select(exists().where(keys.c.role == record.role.value))).scalar_one():
                return False
            connection.execute(insert(keys).values(_row(record)))
            return True

    def find(self, key: str) -> KeyRecord | None:
        """Return the record with this identifier, or None."""
        with self._database.reading() as connection:
            return _find(connection, key)

    def all(self) -> tuple[KeyRecord, ...]:
        """Return every record, revoked ones included, oldest first."""
        with self._database.reading() as connection:
            return tuple(map(_record, connection.execute(select(keys).order_by(keys.c.created, keys.c.id))))

    def limit(self, key: str, rate: Rate | None) -> KeyRecord:
        """Change how much a key's owner may ask; raise KeyNotFound when there is none."""
        with self._database.writing() as connection:
            text = None if rate is None else str(rate)
            connection.execute(update(keys).where(keys.c.id == key).values(rate=text))
            record = _find(connection, key)
        if record is None:
            raise no_such_key(key)
        return record

    def revoke(self, key: str, *, when: datetime) -> KeyRecord:
        """Mark a key as revoked and return its record; raise KeyNotFound when there is none."""
        with self._database.writing() as connection:
            connection.execute(update(keys).where(keys.c.id == key, keys.c.revoked.is_(None)).values(revoked=when))
            record = _find(connection, key)
        if record is None:
            raise no_such_key(key)
        return record


def _find(connection: Connection, key: str) -> KeyRecord | None:
    row = connection.execute(select(keys).where(keys.c.id == key)).one_or_none()
    return None if row is None else _record(row)


def _row(record: KeyRecord) -> dict[str, object]:
    return asdict(record) | {"rate": None if record.rate is None else str(record.rate)}


def _record(row: Row[tuple[object, ...]]) -> KeyRecord:
    return KeyRecord(
        id=row.id,
        name=row.name,
        role=Role(row.role),
        digest=row.digest,
        created=row.created,
        revoked=row.revoked,
        rate=None if row.rate is None else Rate.parse(row.rate),
    )
