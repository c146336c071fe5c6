"""The engine: how Carafe talks to SQLite so that a commit survives a power cut and several processes may write."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from urllib.parse import quote
from weakref import WeakSet

from sqlalchemy import URL, Connection, Dialect, Engine, create_engine, event
from sqlalchemy.exc import DatabaseError, OperationalError

from carafe.database.manner import Manner
from carafe.database.presence import FrozenConnection, PresentConnection, is_frozen, refuse_lost
from carafe.errors import DamagedHome, StorageUnavailable

FILE = "carafe.db"
"""The database's name in the home."""

WRITES = "carafe_writes"
"""The execution option of a connection whose transaction is going to write."""

PATIENCE = 30.0
"""For how many seconds a writer waits while another process writes, where nobody says otherwise."""


def create(file: Path, *, patience: float = PATIENCE) -> Engine:
    """Return an engine on the SQLite database ``file``, which exists; it connects when it is first asked.

    Args:
        file: the database. Where it has vanished none is made: an empty one would look as if nothing had ever been.
        patience: for how many seconds a writer waits while another process writes.

    On a disk that is read-only the database can be read.
    """
    engine = create_engine(
        URL.create("sqlite", database=f"file:{quote(str(file))}", query={"mode": "rw", "uri": "true"}),
        connect_args={"timeout": patience, "check_same_thread": False, "factory": PresentConnection},
    )
    event.listen(engine, "do_connect", partial(_open_frozen, file))
    refuse_lost(engine, file)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return closed_in_children(engine)


@contextmanager
def told() -> Iterator[None]:
    """Turn what the driver says about a full disk, a lock or a broken file into an error of Carafe's own."""
    try:
        yield
    except (OperationalError, sqlite3.OperationalError) as error:
        said = error.orig if isinstance(error, OperationalError) else error
        raise StorageUnavailable(
            f"the database can't be used now ({said}): nothing was changed; check the disk's space and permissions, "
            "then try again"
        ) from error
    except (DatabaseError, sqlite3.DatabaseError) as error:
        said = error.orig if isinstance(error, DatabaseError) else error
        if type(said) is not sqlite3.DatabaseError:  # its subclasses are faults of a statement, not of the file
            raise
        raise DamagedHome(f"{FILE} can't be read ({said}): restore the home from a backup") from error


SQLITE = Manner(told=told, told_of_changes=told)
"""A file on this machine's disk."""


def closed_in_children(engine: Engine) -> Engine:
    """Return ``engine``, which a forked child goes on with by connections of its own, never by its parent's."""
    _engines().add(engine)
    return engine


def _open_frozen(
    file: Path, _dialect: Dialect, _record: object, arguments: list[str], options: dict[str, object]
) -> None:
    """Have a database that is at rest on a read-only disk opened as one that nobody changes: it would not open else."""
    if is_frozen(file):
        arguments[0] = f"file:{quote(str(file))}?mode=ro&immutable=1"
        options["factory"] = FrozenConnection


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
    """Return this process's engines, whose connections a child forgets without closing them."""
    engines: WeakSet[Engine] = WeakSet()

    def forget() -> None:
        for engine in engines:
            engine.dispose(close=False)

    os.register_at_fork(after_in_child=forget)
    return engines
