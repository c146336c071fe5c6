"""The engine for PostgreSQL: a server that is slow, restarted or gone is an error in seconds, nobody waits for ever.

What is the same for every database is said by SQLAlchemy; here is what a server on the network needs besides.
"""

from __future__ import annotations

import re
import select
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

import psycopg
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import (
    DBAPIError,
    DisconnectionError,
    InterfaceError,
    InternalError,
    NotSupportedError,
    OperationalError,
)

from carafe.database.engine import WRITES, closed_in_children
from carafe.database.manner import Manner
from carafe.errors import InvalidSetting, StorageUnavailable

PATIENCE = 10.0
"""Seconds that the server may take for one statement."""

_CONNECT_SECONDS = 3
_SERVER_LIMITS = {
    "statement_timeout": 8_000,  # the server gives up before this side does, and says so
    "lock_timeout": 8_000,
    "idle_in_transaction_session_timeout": 20_000,  # a machine that froze while it wrote lets go of the home's row
}
_ALIVE = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3, "tcp_user_timeout": 10_000}
_MOST_CONNECTIONS = 12
_KEPT_CONNECTIONS = 2
_FORBIDDEN = "42501"
_OTHER_TABLES = {"42703", "42P01"}
"""What the server says of a column or a table that it does not have."""
_PORTS = re.compile(r"[0-9,]*")

T = TypeVar("T")


def create(url: str, *, patience: float | None = PATIENCE) -> Engine:
    """Return an engine on the PostgreSQL database that a libpq URL names; it connects when it is first asked.

    Args:
        url: as ``psql`` takes it. What it says about time-outs wins over what is said here.
        patience: how many seconds a statement may take; None for as long as it needs.

    Raises:
        InvalidSetting: when the URL can't be read. It is not shown, as it may hold a password.
    """
    parameters = _parameters(url, patience)

    def connect() -> _Patient:
        connection = _Patient.connect(prepare_threshold=None, **parameters)
        connection.patience = patience
        return connection

    engine = create_engine(
        "postgresql+psycopg://",
        creator=connect,
        isolation_level="READ COMMITTED",
        use_native_hstore=False,  # else every connection begins with a question about a type that is not used
        pool_size=_KEPT_CONNECTIONS,
        max_overflow=_MOST_CONNECTIONS - _KEPT_CONNECTIONS,
        pool_timeout=PATIENCE,
        pool_use_lifo=True,
        hide_parameters=True,
    )
    event.listen(engine, "checkout", _refuse_stale)
    event.listen(engine, "begin", _begin)
    return closed_in_children(engine)


@contextmanager
def told(*, first: str = "") -> Iterator[None]:
    """Turn what the driver says of a server that is gone, slow, full or read-only into StorageUnavailable.

    So is a database whose tables are others, as for a process that still runs when a newer Carafe has changed them.

    Args:
        first: what else to do before another try.
    """
    try:
        yield
    except (OperationalError, InternalError, InterfaceError, NotSupportedError) as error:
        raise _unavailable(error, first) from error
    except DBAPIError as error:
        state = getattr(error.orig, "sqlstate", None)
        if state in _OTHER_TABLES:
            raise StorageUnavailable(
                "the database's tables are those of another Carafe's revision, or some are gone; nothing was changed: "
                "end this process, and start the Carafe that wrote the database last"
            ) from error
        if state != _FORBIDDEN:
            raise
        raise _unavailable(error, first) from error


POSTGRESQL = Manner(
    told=told,
    told_of_changes=partial(told, first="look whether the change was made, "),
    snapshot={"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
    alone={"isolation_level": "AUTOCOMMIT"},
)
"""A server that several machines share."""


class _Patient(psycopg.Connection[Any]):
    """A connection that is given up when the server does not answer in time, as when it is frozen or cut off."""

    patience: float | None = None

    def wait(self, gen: Generator[Any, Any, T], *args: Any, **how: Any) -> T:  # noqa: ANN401 - passed on as they are
        """Wait for the server, but not for ever."""
        if self.patience is None:
            return super().wait(gen, *args, **how)
        return super().wait(self._bounded(gen, time.monotonic() + self.patience), *args, **how)

    def _bounded(self, gen: Generator[Any, Any, T], until: float) -> Generator[Any, Any, T]:
        """Go through the driver's own steps; it looks up every 0.1 s, also when nothing has come."""
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if not ready and time.monotonic() > until:
                    self.pgconn.finish()
                    raise psycopg.OperationalError(f"no answer within {self.patience:g} s")
                wanted = gen.send(ready)
        except StopIteration as end:
            answer: T = end.value
            return answer


def _parameters(url: str, patience: float | None) -> dict[str, Any]:
    try:
        given = conninfo_to_dict(url)
    except psycopg.Error:
        given = None
    # A host with an @ is the rest of a password that was not escaped.
    if given is None or "@" in str(given.get("host")) or not _PORTS.fullmatch(str(given.get("port", ""))):
        raise InvalidSetting(
            "database_url (CARAFE_DATABASE_URL): expected postgresql://user:password@host:5432/database, with special "
            "characters in the password written as %40 and the like"
        )
    limits = _SERVER_LIMITS if patience is not None else {}
    options = " ".join([*(f"-c {name}={value}" for name, value in limits.items()), str(given.get("options") or "")])
    return {"connect_timeout": _CONNECT_SECONDS, "application_name": "carafe", **_ALIVE, **given, "options": options}


def _refuse_stale(connection: psycopg.Connection[Any], _record: object, _proxy: object) -> None:
    """Have a connection replaced that the server has ended while it lay in the pool.

    Looked at without asking the server: a connection at rest on which something can be read has been told good-bye.
    """
    ready = select.poll()
    ready.register(connection.fileno(), select.POLLIN)
    if ready.poll(0):
        raise DisconnectionError


def _begin(connection: Connection) -> None:
    # A writer takes the home's row at once, so that writers of all machines come one after the other, each after the
    # other's commit, and none can fail for having read too early.
    if connection.get_execution_options().get(WRITES):
        connection.exec_driver_sql("SELECT id FROM home FOR UPDATE")


def _unavailable(error: DBAPIError, first: str) -> StorageUnavailable:
    """Return the story without the server's address, which is nothing for those who ask over HTTP."""
    text = " ".join(str(error.orig).split())
    said = getattr(getattr(error.orig, "diag", None), "message_primary", None) or text.rpartition("failed: ")[2]
    said = said.partition(" Is the server running")[0]
    if "resolve host" in said:
        said = "its host's name can't be resolved"
    return StorageUnavailable(
        f"the database can't be used now ({said}): check the server that CARAFE_DATABASE_URL names, {first}then try "
        "again"
    )
