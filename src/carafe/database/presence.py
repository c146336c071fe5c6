"""Whether a connection's file is still the one under its name: what is written to another is lost.

SQLite goes on reading and writing a file that was deleted, moved or replaced, without a word. And whoever lets go last
of such a file checkpoints it and deletes the write-ahead log by name, which may by then be that of the file in its
place. So a connection looks before each use, and one that has lost its file is given up without being closed.

Source: SQLite, "How To Corrupt An SQLite Database File", 2.5 and 2.6.
"""

from __future__ import annotations

import os
import sqlite3
from ctypes import py_object, pythonapi
from pathlib import Path

from sqlalchemy import Engine, event
from sqlalchemy.exc import DisconnectionError


class PresentConnection(sqlite3.Connection):
    """A connection that knows which file it has open."""

    _file: Path | None = None
    _identity: tuple[int, int] | None = None

    def remember(self, file: Path) -> None:
        """Take note of the file that was just opened."""
        self._file, self._identity = file, _identity_of(file)

    @property
    def lost(self) -> bool:
        """Whether another file, or none, is under the name now."""
        return self._file is not None and (self._identity is None or _identity_of(self._file) != self._identity)

    def close(self) -> None:
        """Close the connection; keep one for good that has lost its file, for the reason given above."""
        if self.lost:
            pythonapi.Py_IncRef(py_object(self))
        else:
            super().close()


class FrozenConnection(PresentConnection):
    """A connection to a file that it takes for one that nobody changes: without locks, and without a log beside it.

    SQLite needs to write beside a file in WAL mode even to read it, unless somebody has it open already. Where this
    process can't, nobody else here can, but somebody may who sees the same disk elsewhere. Whoever writes begins a log
    first; so the connection is lost once there is one, the file is not as it was, or this process may write again.
    """

    _state: tuple[int, int] | None = None

    def remember(self, file: Path) -> None:
        """Take note of the file that was just opened, and of how it is."""
        super().remember(file)
        self._state = _state_of(file)

    @property
    def lost(self) -> bool:
        """Whether the file is another one now, or was changed."""
        file = self._file
        return super().lost or (file is not None and (_state_of(file) != self._state or not is_frozen(file)))

    def close(self) -> None:
        """Close the connection, which never touches a log."""
        sqlite3.Connection.close(self)


def is_frozen(file: Path) -> bool:
    """Tell whether a database is at rest in a folder that nobody here can write to."""
    return not os.access(file.parent, os.W_OK, effective_ids=True) and not file.with_name(f"{file.name}-wal").exists()


def refuse_lost(engine: Engine, file: Path) -> None:
    """Have the engine's connections remember their file, and replace those that have lost it when they are wanted."""

    def remember(connection: PresentConnection, _record: object) -> None:
        connection.remember(file)

    def look(connection: PresentConnection, _record: object, _proxy: object) -> None:
        if connection.lost:
            raise DisconnectionError

    event.listen(engine, "connect", remember)
    event.listen(engine, "checkout", look)


def _state_of(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def _identity_of(file: Path) -> tuple[int, int] | None:
    try:
        found = os.stat(file)  # noqa: PTH116 - half as long as Path.stat, before every look at the database
    except OSError:
        return None
    return found.st_dev, found.st_ino
