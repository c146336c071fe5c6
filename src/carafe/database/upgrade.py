"""Create a home's database or bring it up to date: one query when it already is, a migration under a lock when not.

The lock is the home's for a file, and the server's own for a database that several machines share.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection, Engine, event, inspect, text
from sqlalchemy.engine.interfaces import DBAPIConnection

from carafe.database.before import forget_others, keep_before
from carafe.database.engine import FILE, SQLITE, WRITES, create
from carafe.database.lock import exclusively, flush_folder
from carafe.errors import DamagedHome, NewerHome, StorageUnavailable

REVISIONS = ("0001", "0002", "0003", "0004")
"""Every revision this Carafe knows, oldest first. Kept here so that an up-to-date home opens without Alembic."""

SERVER_LOCK = 0x6361726166  # "caraf"
"""The number of the lock on a server under which its database is created or upgraded."""


def bring_up_to_date(home: Path) -> None:
    """Leave ``home`` with a database of the newest revision; wait for another process that is at it.

    What an older database was is kept beside it, until the next upgrade.

    Raises:
        NewerHome: when its revision is none that this Carafe knows.
        StorageUnavailable: when the file can't be created.
    """
    file = home / FILE
    if file.exists() and _revision_of(create(file)) == REVISIONS[-1]:
        return
    with exclusively(home):
        if not file.exists():
            _create_whole(file)
            return
        found = _revision_of(create(file))
        if found is not None and found not in REVISIONS:
            raise NewerHome(
                f"the home {home} has database revision {found}, this Carafe knows up to {REVISIONS[-1]}: "
                "install the Carafe that wrote it or a newer one, or set CARAFE_HOME to another folder"
            )
        if found is None:
            _migrate(file)
        elif found != REVISIONS[-1]:  # else another process has done it while this one waited
            copy = keep_before(file, REVISIONS[-1])
            _migrate(file)
            forget_others(copy, file)


def bring_server_up_to_date(engine: Callable[..., Engine]) -> None:
    """Leave a server's database at the newest revision; wait for another process, on any machine, that is at it.

    Args:
        engine: makes an engine on the database, with ``patience=None`` one that waits as long as a migration takes.

    Raises:
        NewerHome: when its revision is none that this Carafe knows.
    """
    if _revision_of(engine()) == REVISIONS[-1]:
        return
    patient = engine(patience=None)
    try:
        with patient.connect() as connection, connection.begin():
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": SERVER_LOCK})
            found = _revision(connection)
            if found is not None and found not in REVISIONS:
                raise NewerHome(
                    f"the database has revision {found}, this Carafe knows up to {REVISIONS[-1]}: install the Carafe "
                    "that wrote it or a newer one, or set CARAFE_DATABASE_URL to another database"
                )
            if found != REVISIONS[-1]:
                run_migrations(connection)
    finally:
        patient.dispose()


def found_revision(home: Path) -> str | None:
    """Return the revision of a home's own database as it is, which is not changed; None where it has none.

    Raises:
        DamagedHome: when the file is no database.
        StorageUnavailable: when it can't be read.
    """
    with SQLITE.told():
        return _revision_of(create(home / FILE))


def _create_whole(file: Path) -> None:
    """Build the database under another name first: whoever finds ``file`` finds it complete.

    It is built without a write-ahead log: what is committed is in the file itself then, not beside it under a name
    that the log would lose, and not waiting for a checkpoint that may fail when the file is closed.
    """
    draft = file.with_name(f"{file.name}.new")
    try:
        _forget(draft.parent, f"{draft.name}*")
        os.close(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        with SQLITE.told():
            _migrate(draft)
            _keep_a_write_ahead_log(create(draft))
        _forget(draft.parent, f"{draft.name}-*")  # an empty log, where it could not be tidied up
        draft.rename(file)
        flush_folder(file.parent)
    except OSError as error:
        raise StorageUnavailable(
            f"{file} can't be created ({error.strerror}): check the folder's owner and the disk's space"
        ) from error
    except DamagedHome as error:
        raise StorageUnavailable(
            f"{file} can't be created: what was written a moment ago is not what is read; check the disk"
        ) from error


def _forget(folder: Path, leftovers: str) -> None:
    for leftover in folder.glob(leftovers):
        leftover.unlink()


def _revision_of(engine: Engine) -> str | None:
    try:
        with engine.connect() as connection:
            return _revision(connection)
    finally:
        engine.dispose()


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def _keep_a_write_ahead_log(engine: Engine) -> None:
    """Let readers and a writer work at the same time; the file itself remembers it."""
    connection = engine.raw_connection()
    try:
        (mode,) = connection.cursor().execute("PRAGMA journal_mode = WAL").fetchone()
    finally:
        connection.close()
        engine.dispose()
    if mode != "wal":
        raise StorageUnavailable(
            f"the database can't keep a write-ahead log here (it says {mode!r}): the home must be on a disk of this "
            "machine, not on a network's"
        )


def _migrate(file: Path) -> None:
    engine = create(file)
    event.listen(engine, "connect", let_tables_be_rebuilt)
    try:
        with engine.connect().execution_options(**{WRITES: True}) as connection:
            run_migrations(connection)
    finally:
        engine.dispose()


def run_migrations(connection: Connection, *, to: str = "head") -> None:
    """Bring the database behind a connection to a revision; in the connection's transaction where it is in one."""
    from alembic import command  # noqa: PLC0415 - slow to import, and needed by the rare start that migrates
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, to)


def let_tables_be_rebuilt(connection: DBAPIConnection, _record: object = None) -> None:
    """Let a migration put a new table in the place of one that others refer to; ``env.py`` checks the references.

    Source: SQLite, "Making Other Kinds Of Table Schema Changes": a table that is dropped takes its rows with it, and
    what refers to them would refuse that; foreign keys can be laid aside only outside a transaction.
    """
    connection.cursor().execute("PRAGMA foreign_keys = OFF")
