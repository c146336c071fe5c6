"""The mark that closes a home while something is restored into it: one process holds it, and whoever dies leaves it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from carafe.access.home import RESTORING, has_own_secret
from carafe.database import flush_folder, open_database
from carafe.database.rows import is_empty
from carafe.errors import StorageUnavailable
from carafe.settings import Settings

_DIGEST_SIZE = 64


class Mark:
    """The mark of a home, held."""

    def __init__(self, file: Path, descriptor: int) -> None:
        self._file = file
        self._descriptor = descriptor
        self.begun = os.pread(descriptor, _DIGEST_SIZE, 0).decode("ascii", "replace")
        """The digest of the backup that was begun with and not ended; empty where nothing was begun."""

    def begin(self, digest: str) -> None:
        """Write down of what a restoration is begun; the disk remembers it before this returns."""
        os.pwrite(self._descriptor, digest.encode("ascii"), 0)
        os.fsync(self._descriptor)
        flush_folder(self._file.parent)

    def remove(self) -> None:
        """Open the home to everybody."""
        self._file.unlink()
        flush_folder(self._file.parent)


@contextmanager
def held(home: Path) -> Iterator[Mark]:
    """Yield the home's mark, made where there is none; it stays unless it is removed.

    Raises:
        StorageUnavailable: when another process holds it.
        OSError: when it can't be written.
    """
    file = home / RESTORING
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _take(descriptor, home)
        yield Mark(file, descriptor)
    finally:
        os.close(descriptor)


def open_if_restored(settings: Settings) -> bool:
    """Open a home to everybody in which only the mark is left of a restoration; tell whether it was so.

    All rows appear at once, as the last thing but the removal of the mark.

    Raises:
        StorageUnavailable: when a restoration is under way, or the database can't be read.
        OSError: when the home can't be read or written.
    """
    with closing(open_database(settings.home, settings.database_url)) as database, held(settings.home) as mark:
        if is_empty(database) or not has_own_secret(settings, database):
            return False
        mark.remove()
        return True


def _take(descriptor: int, home: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise StorageUnavailable(f"another restoration into {home} is under way: wait for it") from error
    if os.fstat(descriptor).st_nlink == 0:
        raise StorageUnavailable(f"another restoration into {home} has just ended: look at what it restored")
