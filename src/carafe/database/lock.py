"""The home folder, and a lock between processes that the kernel releases when its holder dies."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from carafe.errors import StorageUnavailable

LOCK = "lock"
"""The file in the home on which processes queue while one of them creates or upgrades something."""


def prepare_home(home: Path) -> Path:
    """Return ``home``, created for its owner alone (0700) where there is none.

    A folder that exists keeps its own permissions, for it may be a volume that others arranged; everything that Carafe
    writes into it is closed to other accounts by itself.

    Raises:
        StorageUnavailable: when it can't be created, or is no folder.
    """
    try:
        refuse_file(home)
        make_folder(home)
    except OSError as error:
        raise StorageUnavailable(
            f"the home {home} can't be created ({error.strerror}): set CARAFE_HOME to a folder that you may write to"
        ) from error
    return home


def refuse_file(home: Path) -> None:
    """Raise StorageUnavailable where a file is in the place of the home: there is none, and none can be made."""
    if home.is_file():
        raise StorageUnavailable(
            f"the home {home} is a file, expected a folder: set CARAFE_HOME to another name, or move the file away"
        )


@contextmanager
def exclusively(home: Path) -> Iterator[None]:
    """Hold the home's lock for the length of the block; wait for whoever holds it. Not for use twice in one thread.

    Raises:
        StorageUnavailable: when the lock file can't be opened.
    """
    try:
        descriptor = os.open(home / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StorageUnavailable(
            f"the home {home} can't be written to ({error.strerror}): check its owner and its disk"
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Create a folder for its owner alone (0700), with those above it, where there is none.

    The disk remembers each new name before this returns: what is kept in the folder is lost with it.
    """
    new = [each for each in (folder, *folder.parents) if not each.exists()]
    if not new:
        folder.mkdir(exist_ok=True)  # says so where it is no folder
    for each in reversed(new):  # one by one: those above would be open to others
        each.mkdir(mode=0o700, exist_ok=True)
    for each in new:
        flush_folder(each.parent)


def flush_file(file: Path) -> None:
    """Have the disk hold every byte of a file that others have written."""
    descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def flush_folder(folder: Path) -> None:
    """Have the disk remember which names ``folder`` holds: a rename survives a power cut only after this."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
