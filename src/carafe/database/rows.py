"""All rows of a database as portable data, one JSON document a row: the same from SQLite and PostgreSQL.

Moments are ISO 8601 in UTC. Nothing here names a table: what ``tables_sql`` declares is written, and what is read goes
into the tables of the revision that wrote it, which are then migrated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import msgspec
from sqlalchemy import Column, Connection, DateTime, MetaData, Table, exists, func, insert, select, text
from sqlalchemy.exc import DataError, IntegrityError

from carafe.database.connection import Database
from carafe.database.tables_sql import METADATA, home
from carafe.database.upgrade import REVISIONS, run_migrations
from carafe.errors import CorruptBackup, HomeNotEmpty

_BATCH = 500
_REVISION_TABLE = "alembic_version"

OURS = frozenset(METADATA.tables)
"""The names of Carafe's tables, in every revision: none has had a table that today's has not."""

Lines = Callable[[str], Iterable[bytes]]
"""Returns the rows of a table by its name, in the order in which they were written."""


@dataclass(frozen=True, slots=True)
class Rows:
    """All rows as they were in one moment."""

    connection: Connection
    revision: str
    """The revision of the database."""
    tables: tuple[str, ...]
    """The names of all tables; each after those that it refers to."""

    def lines(self, table: str) -> Iterator[bytes]:
        """Yield the rows of a table, ordered by primary key, each a JSON object without a line's end."""
        found = METADATA.tables[table]
        rows = select(found).order_by(*found.primary_key.columns)
        for row in self.connection.execution_options(yield_per=_BATCH).execute(rows).mappings():
            yield msgspec.json.encode(dict(row))


@contextmanager
def read_rows(database: Database) -> Iterator[Rows]:
    """Yield all rows as they are now, whatever others write meanwhile.

    Raises:
        StorageUnavailable, DamagedHome: as ``Database.reading``.
    """
    with database.reading() as connection:
        revision: str = connection.execute(text(f"SELECT version_num FROM {_REVISION_TABLE}")).scalar_one()  # noqa: S608
        yield Rows(connection, revision, tuple(str(table.name) for table in METADATA.sorted_tables))


def is_empty(database: Database) -> bool:
    """Tell whether nothing was ever done in a database: no model, no key, no history."""
    with database.reading() as connection:
        return _is_empty(connection)


def fill(
    database: Database, *, revision: str, tables: Iterable[str], lines: Lines, before_commit: Callable[[], None]
) -> None:
    """Put rows into an empty database in one transaction; those of an older revision are brought up to date in it.

    Args:
        database: one of today's revision, in which nothing was ever done.
        revision: that of the rows, one of ``REVISIONS``.
        tables: the names of all tables that have rows to give.
        lines: the rows of each.
        before_commit: called once all rows have been found to fit, before anybody sees them.

    Raises:
        HomeNotEmpty: when there are rows already.
        CorruptBackup: when the rows don't fit the tables of that revision.
    """
    latest = revision == REVISIONS[-1]
    with database.writing() if latest else database.rebuilding() as connection:
        if not _is_empty(connection):
            raise HomeNotEmpty("the database has models, keys or a history: restore into a new home")
        if not latest:
            _tables(connection, OURS | {_REVISION_TABLE}).drop_all(connection)
            run_migrations(connection, to=revision)
        found = _tables(connection, OURS)
        if unknown := sorted(set(tables) ^ found.tables.keys()):
            raise CorruptBackup(f"tables of revision {revision}: got others, or not all of them: {', '.join(unknown)}")
        for table in found.sorted_tables:
            connection.execute(table.delete())
            _insert(connection, table, lines(table.name))
        if not latest:
            run_migrations(connection)
        before_commit()


def _is_empty(connection: Connection) -> bool:
    others = (table for table in METADATA.sorted_tables if table is not home)
    return not any(connection.execute(select(exists(select(table)))).scalar_one() for table in others)


def _tables(connection: Connection, names: frozenset[str]) -> MetaData:
    """Return those of the tables that are there, as they are: not as today's when the rows are older.

    Nobody else's: a database may be one that other applications use, too.
    """
    found = MetaData()
    found.reflect(connection, only=lambda name, _metadata: name in names)
    return found


def _insert(connection: Connection, table: Table, lines: Iterable[bytes]) -> None:
    rows = iter(lines)
    while batch := [_row(table, line) for line in islice(rows, _BATCH)]:
        try:
            connection.execute(insert(table), batch)
        except (IntegrityError, DataError) as error:
            raise CorruptBackup(f"rows of {table.name} don't fit ({_said(error)})") from error
    if connection.dialect.name == "postgresql":
        _go_on_counting(connection, table)


def _said(error: IntegrityError | DataError) -> str:
    """Return what is wrong without what is in the rows, which PostgreSQL quotes in its details."""
    return getattr(getattr(error.orig, "diag", None), "message_primary", None) or str(error.orig)


def _row(table: Table, line: bytes) -> dict[str, Any]:
    try:
        row = msgspec.json.decode(line, type=dict[str, Any])
        if row.keys() != set(table.columns.keys()):
            raise CorruptBackup(f"a row of {table.name} has other columns than the table")
        return {name: _value(table.columns[name], value) for name, value in row.items()}
    except (msgspec.MsgspecError, ValueError) as error:
        raise CorruptBackup(f"a row of {table.name} can't be read ({error})") from error


def _value(column: Column[Any], value: Any) -> Any:  # noqa: ANN401 - whatever a column holds
    if value is None or not isinstance(column.type, DateTime):
        return value
    return datetime.fromisoformat(value).astimezone(UTC).replace(tzinfo=None)


def _go_on_counting(connection: Connection, table: Table) -> None:
    """Let the next row get a number beyond those that came with theirs; SQLite looks for itself."""
    for column in table.primary_key.columns:
        if column.type.python_type is int:
            highest = select(func.max(column)).scalar_subquery()
            connection.execute(select(func.setval(func.pg_get_serial_sequence(table.name, column.name), highest)))
