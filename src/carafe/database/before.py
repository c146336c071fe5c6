"""The copy of a database that is kept before a migration changes it: the way back to an older Carafe."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from carafe.database.lock import flush_folder
from carafe.errors import StorageUnavailable

MARK = ".before-"
"""Between the database's name and the revision that it was brought to."""


def keep_before(file: Path, revision: str) -> Path:
    """Copy the SQLite database ``file`` beside itself, complete or not at all, and return the copy.

    Processes that still use the database, of an older Carafe too, are not disturbed.

    Args:
        file: the database.
        revision: the one that it is about to be brought to.

    Raises:
        StorageUnavailable: when it can't be copied, as on a full disk; nothing was changed.
    """
    copy = file.with_name(f"{file.name}{MARK}{revision}")
    draft = copy.with_name(f"{copy.name}.new")
    try:
        draft.unlink(missing_ok=True)
        os.close(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(draft)) as target:
            source.backup(target)
        draft.rename(copy)
        flush_folder(copy.parent)
    except (sqlite3.Error, OSError) as error:
        raise StorageUnavailable(
            f"{file.name} can't be copied before its upgrade ({error}): nothing was changed; check the disk's space "
            "and permissions, then try again"
        ) from error
    finally:
        draft.unlink(missing_ok=True)
    return copy


def forget_others(copy: Path, file: Path) -> None:
    """Delete the copies of earlier migrations: of a home that grows there is one, not one an upgrade."""
    for other in file.parent.glob(f"{file.name}{MARK}*"):
        if other != copy:
            other.unlink(missing_ok=True)
