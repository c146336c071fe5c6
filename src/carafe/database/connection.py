"""An open database: what reads and writes go through, and how that of a home is opened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Executable
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionLeft

from carafe.database.engine import FILE, PATIENCE, SQLITE, WRITES, create
from carafe.database.lock import prepare_home
from carafe.database.manner import Manner
from carafe.database.presence import FrozenConnection
from carafe.database.upgrade import bring_server_up_to_date, bring_up_to_date, let_tables_be_rebuilt
from carafe.errors import MissingExtra, StorageUnavailable

__all__ = ["PATIENCE", "Database", "open_database"]


@dataclass(frozen=True, slots=True)
class Database:
    """An open database. ``*_sql.py`` files read and write through it; nobody else sees SQLAlchemy."""

    engine: Engine
    manner: Manner = SQLITE

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Yield a connection that sees one moment of the database, whatever others write meanwhile.

        Raises:
            StorageUnavailable: when the database can't be read now.
            DamagedHome: when its file is broken.
        """
        with (
            _told(self.manner.told),
            self.engine.connect().execution_options(**self.manner.snapshot) as connection,
            connection.begin(),
            _unchanged(connection),
        ):
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Yield a connection in a transaction that no other writer overlaps; commit at the end, undo on an error.

        Raises:
            StorageUnavailable: when the database can't be written now; nothing was changed, or, where a server was
                lost in the middle of the commit, nobody knows.
            DamagedHome: when its file is broken.
        """
        with (
            _told(self.manner.told_of_changes),
            self.engine.connect().execution_options(**{WRITES: True}) as connection,
            connection.begin(),
        ):
            yield connection

    @contextmanager
    def rebuilding(self) -> Iterator[Connection]:
        """Yield a connection as ``writing`` does, in which migrations may run: they rebuild tables others refer to.

        Raises:
            StorageUnavailable, DamagedHome: as ``writing``.
        """
        with (
            _told(self.manner.told_of_changes),
            self.engine.connect().execution_options(**{WRITES: True}) as connection,
        ):
            if self.engine.dialect.name == "sqlite":
                let_tables_be_rebuilt(connection.connection)
            try:
                with connection.begin():
                    yield connection
            finally:
                connection.invalidate()  # nobody else is to get a connection that does not watch references

    def scalar(self, statement: Executable) -> Any:  # noqa: ANN401 - whatever is in the database
        """Return the one value that one statement reads.

        A statement by itself sees one moment, so this is the cheapest way to look: on a server one question and one
        answer. A connection that turns out to be lost is replaced, and the statement asked again.

        Raises:
            StorageUnavailable, DamagedHome: as ``reading``.
        """
        with _told(self.manner.told):
            try:
                return self._ask(statement)
            except DBAPIError as error:
                if not error.connection_invalidated:
                    raise
            return self._ask(statement)

    def close(self) -> None:
        """Let go of every connection. The database can still be used; it opens new ones."""
        self.engine.dispose()

    def _ask(self, statement: Executable) -> Any:  # noqa: ANN401 - as above
        with self.engine.connect() as connection, _unchanged(connection):
            return connection.execution_options(**self.manner.alone).execute(statement).scalar_one()


@contextmanager
def _unchanged(connection: Connection) -> Iterator[None]:
    """Raise StorageUnavailable where what the block reads without locks is changed meanwhile, whatever it raises then.

    Half of it may have been read before and half after, so that a file that is whole seems broken, or what is there
    seems not to be.
    """
    used: object = connection.connection.dbapi_connection  # which an error may take away
    try:
        yield
    except Exception as error:
        if isinstance(used, FrozenConnection) and used.lost:
            raise _changed() from error
        raise
    if isinstance(used, FrozenConnection) and used.lost:
        raise _changed()


def _changed() -> StorageUnavailable:
    return StorageUnavailable("the database was changed from elsewhere while it was read here: try again")


def open_database(home: Path, url: str | None = None, *, patience: float = PATIENCE) -> Database:
    """Return the database of ``home``, created or brought up to date where needed; safe in racing processes.

    Args:
        home: the folder; where no other database is named, the database is a file in it.
        url: a database on PostgreSQL, which takes the file's place.
        patience: for how many seconds a writer waits while another process writes the file.

    Raises:
        NewerHome: when a newer Carafe has written it.
        DamagedHome: when the file is no database.
        StorageUnavailable: when the home can't be created, or the database not created, read or written.
        InvalidSetting: when the URL can't be read.
        MissingExtra: when what speaks to PostgreSQL is not installed.
    """
    prepare_home(home)
    if url is not None:
        return _open_server(url)
    with _told(SQLITE.told):
        bring_up_to_date(home)
        return Database(create(home / FILE, patience=patience))


def _open_server(url: str) -> Database:
    try:
        postgresql = import_module("carafe.database.engine_psycopg")
    except ImportError as error:
        library = ImportError(str(error), name="psycopg")  # which may be there, without what it is built on
        raise MissingExtra.of("a database on PostgreSQL", library) from error
    with _told(postgresql.POSTGRESQL.told):
        bring_server_up_to_date(lambda **how: postgresql.create(url, **how))
        return Database(postgresql.create(url), postgresql.POSTGRESQL)


@contextmanager
def _told(told: Callable[[], AbstractContextManager[None]]) -> Iterator[None]:
    """Turn what goes wrong below into an error of Carafe's own."""
    try:
        with told():
            yield
    except NoConnectionLeft as error:
        raise StorageUnavailable(
            "more threads want the database than it has connections, and none came free: try again later"
        ) from error
    except OSError as error:
        raise StorageUnavailable(f"the home can't be read ({error.strerror}): check its owner and its disk") from error
