"""Whether a home is closed to other accounts."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from carafe.database.engine import FILE as DATABASE
from carafe.upkeep.checkup.finding import Finding, Findings, Order, State

CHECK = "permissions"

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def check_permissions(order: Order) -> Findings:
    """Find whether this account may write, and what other accounts may read or write.

    What is in the home is closed to others; the home itself others may manage.
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
        yield Finding(
            check=CHECK, state=State.MENDED, says=f"{mended} files and folders are closed to other accounts now"
        )
    if left:
        names = ", ".join(str(path.relative_to(home)) for path in left[:3])
        yield Finding(
            check=CHECK,
            state=State.PROBLEM,
            says=f"other accounts may read or write {len(left)} files and folders: {names}",
            advice="run `carafe doctor --repair` as the account that owns the home",
        )
    if not found:
        yield Finding(check=CHECK, state=State.OK, says="files and folders are closed to other accounts")


def _writable(home: Path) -> bool:
    files = (file for file in (home / DATABASE,) if file.exists())
    return all(os.access(path, os.W_OK, effective_ids=True) for path in (home, *files))


def _open(home: Path) -> Iterator[Path]:
    for path in sorted(home.rglob("*")):
        try:
            mode = path.lstat().st_mode
        except FileNotFoundError:  # somebody is at work
            continue
        if not stat.S_ISLNK(mode) and mode & _OTHERS:
            yield path


def _closed(path: Path) -> bool:
    """Close a file or folder to other accounts; tell whether it is, or is gone."""
    try:
        path.chmod(0o700 if path.is_dir() else 0o600, follow_symlinks=True)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True
