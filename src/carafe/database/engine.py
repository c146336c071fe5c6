"""The engine: how Carafe talks to SQLite so that a commit survives a power cut and several processes may write."""

from __future__ import annotations

import os
import sqlite3
from functools import cache
from pathlib import Path
from weakref import WeakSet

from sqlalchemy import URL, Connection, Engine, create_engine, event

FILE = "carafe.db"
"""The database's name in the home."""

WRITES = "carafe_writes"
"""The execution option of a connection whose transaction is going to write."""

_BUSY_SECONDS = 30


def create(file: Path) -> Engine:
    """Return an engine on the SQLite database ``file``; it connects when it is first asked."""
    engine = create_engine(
        URL.create("sqlite", database=str(file)), connect_args={"timeout": _BUSY_SECONDS, "check_same_thread": False}
    )
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    _engines().add(engine)
    return engine


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # the driver begins no transaction of its own; _begin says which kind
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


def _begin(connection: Connection) -> None:
    # A writer takes the lock at once: a transaction that reads first and writes later could only fail, not wait.
    kind = "IMMEDIATE" if connection.get_execution_options().get(WRITES) else "DEFERRED"
    connection.exec_driver_sql(f"BEGIN {kind}")


@cache
def _engines() -> WeakSet[Engine]:
    """Return this process's engines. A connection must not be used on both sides of a fork: a child opens its own."""
    engines: WeakSet[Engine] = WeakSet()

    def forget() -> None:
        for engine in engines:
            engine.dispose(close=False)

    os.register_at_fork(after_in_child=forget)
    return engines
