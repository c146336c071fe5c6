"""Whether what Carafe keeps in a home is closed to other accounts. Files of others in the folder are their own."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from carafe.access.home import ARTEFACTS, RESTORING, SAMPLES
from carafe.access.limiter_file import FILE as LIMITS
from carafe.access.secret import FILE as SECRET
from carafe.database.before import MARK as BEFORE
from carafe.database.engine import FILE as DATABASE
from carafe.database.lock import LOCK
from carafe.registry.open import CACHE
from carafe.upkeep.checkup.finding import Finding, Findings, Order, State, counted

CHECK = "permissions"

FILES = (
    DATABASE,
    *(f"{DATABASE}-{kept}" for kept in ("journal", "shm", "wal")),
    f"{DATABASE}{BEFORE}*",
    *(f"{name}.new*" for name in (DATABASE, SECRET)),
    SECRET,
    LOCK,
    LIMITS,
    RESTORING,
)
"""What Carafe's own files in a home are called, with drafts and what SQLite keeps beside a database."""

FOLDERS = (ARTEFACTS, CACHE.parts[0], SAMPLES)
"""Its folders there, with all that is in them."""

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def check_permissions(order: Order) -> Findings:
    """Find whether this account may write, and what other accounts may read or write.

    What Carafe has in the home is closed to others; the home itself others may manage, and keep files of theirs in.
    """
    home = order.settings.home
    if not _writable(home):
        yield Finding(
            check=CHECK,
            state=State.PROBLEM,
            says="this account can't write to the home, or its disk is read-only: it can be read, and nothing changed",
            advice="run Carafe as the account that owns the home; to change one elsewhere, restore a backup of it",
        )
    if home.stat().st_mode & _OTHERS:
        yield Finding(
            check=CHECK,
            state=State.WARNING,
            says="other accounts may look into the home's folder",
            advice=f"chmod 700 {home}, unless it is a volume that is meant to be so",
        )
    found = list(_open(home))
    left = [path for path in found if not (order.repair and _closed(path))]
    if mended := len(found) - len(left):
        closed = counted(mended, "file or folder is", "files and folders are")
        yield Finding(check=CHECK, state=State.MENDED, says=f"{closed} closed to other accounts now")
    if left:
        number = counted(len(left), "file or folder", "files and folders")
        names = ", ".join(str(path.relative_to(home)) for path in left[:3])
        yield Finding(
            check=CHECK,
            state=State.PROBLEM,
            says=f"other accounts may read or write {number}: {names}",
            advice="run `carafe doctor --repair` as the account that owns the home",
        )
    if not found:
        yield Finding(check=CHECK, state=State.OK, says="files and folders are closed to other accounts")


def _writable(home: Path) -> bool:
    files = (file for file in (home / DATABASE,) if file.exists())
    return all(os.access(path, os.W_OK, effective_ids=True) for path in (home, *files))


def _open(home: Path) -> Iterator[Path]:
    for path in sorted(_own(home)):
        try:
            mode = path.lstat().st_mode
        except FileNotFoundError:  # somebody is at work
            continue
        if not stat.S_ISLNK(mode) and mode & _OTHERS:
            yield path


def _own(home: Path) -> Iterator[Path]:
    for name in FILES:
        yield from home.glob(name)
    for folder in (home / name for name in FOLDERS):
        yield folder
        if not folder.is_symlink():  # what is elsewhere was arranged by somebody
            yield from folder.rglob("*")


def _closed(path: Path) -> bool:
    """Close a file or folder to other accounts; tell whether it is, or is gone."""
    try:
        path.chmod(0o700 if path.is_dir() else 0o600, follow_symlinks=True)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True
