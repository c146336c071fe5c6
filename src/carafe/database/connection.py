"""An open database: what reads and writes go through, and how a home's own is opened."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionLeft

from carafe.database.engine import FILE, WRITES, create
from carafe.database.lock import prepare_home
from carafe.database.upgrade import bring_up_to_date
from carafe.errors import DamagedHome, StorageUnavailable


@dataclass(frozen=True, slots=True)
class Database:
    """An open database. ``*_sql.py`` files read and write through it; nobody else sees SQLAlchemy."""

    engine: Engine

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Yield a connection that sees one moment of the database, whatever others write meanwhile.

        Raises:
            StorageUnavailable: when the database can't be read now.
            DamagedHome: when its file is broken.
        """
        with _told(), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Yield a connection in a transaction that no other writer overlaps; commit at the end, undo on an error.

        Raises:
            StorageUnavailable: when the database can't be written now; nothing was changed.
            DamagedHome: when its file is broken.
        """
        with _told(), self.engine.connect().execution_options(**{WRITES: True}) as connection, connection.begin():
            yield connection

    def close(self) -> None:
        """Let go of every connection. The database can still be used; it opens new ones."""
        self.engine.dispose()


def open_database(home: Path) -> Database:
    """Return the database of ``home``, created or brought up to date where needed; safe in racing processes.

    Raises:
        NewerHome: when a newer Carafe has written it.
        DamagedHome: when the file is no database.
        StorageUnavailable: when the home can't be created, read or written.
    """
    prepare_home(home)
    with _told():
        bring_up_to_date(home)
        return Database(create(home / FILE))


@contextmanager
def _told() -> Iterator[None]:
    """Turn what a driver says about a full disk, a lock or a broken file into an error of Carafe's own."""
    try:
        yield
    except OperationalError as error:
        raise StorageUnavailable(
            f"the database can't be used now ({error.orig}): nothing was changed; check the disk's space and "
            "permissions, then try again"
        ) from error
    except NoConnectionLeft as error:
        raise StorageUnavailable(
            "more threads want the database than it has connections, and none came free: try again later"
        ) from error
    except OSError as error:
        raise StorageUnavailable(f"the home can't be read ({error.strerror}): check its owner and its disk") from error
    except DatabaseError as error:
        if type(error.orig) is not sqlite3.DatabaseError:  # its subclasses are faults of a statement, not of the file
            raise
        raise DamagedHome(f"{FILE} can't be read ({error.orig}): restore the home from a backup") from error
