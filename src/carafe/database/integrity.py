"""Faults in a database's own file."""

from __future__ import annotations

from carafe.database.connection import Database

_MOST = 20


def faults(database: Database) -> tuple[str, ...] | None:
    """Return what SQLite finds wrong with its file and its references, each as a line; None for other databases.

    Raises:
        StorageUnavailable, DamagedHome: when it can't even be asked.
    """
    if database.engine.dialect.name != "sqlite":
        return None
    with database.reading() as connection:
        told = connection.exec_driver_sql(f"PRAGMA integrity_check({_MOST})").scalars().all()
        pages = tuple(line for line in map(str, told) if line != "ok")
        rows = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        return pages + tuple(f"a row of {row[0]} refers to a row of {row[2]} that is not there" for row in rows[:_MOST])
