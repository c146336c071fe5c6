"""A folder in which artefacts are prepared before a store keeps them, and a lock that tells whether any are."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from carafe.database import flush_folder, make_folder
from carafe.errors import CorruptArtefact, StorageUnavailable


class Staging:
    """The folder ``staging`` of a store's root, closed to other accounts.

    Whoever stages or keeps an artefact shares a lock that the kernel releases when the process dies; collecting needs
    it alone. Thus what is found in ``staging`` then belongs to nobody.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self.path = root / "staging"
        with told():
            make_folder(root)
            make_folder(self.path)

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """Yield an empty private folder in which to prepare an artefact; it is gone after the block."""
        self.sweep()
        with self.in_use():
            with told():
                folder = Path(tempfile.mkdtemp(dir=self.path))
            try:
                yield folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)

    def sweep(self) -> None:
        """Delete abandoned staging folders, unless any process is staging now."""
        with self.alone() as alone:
            if alone:
                self.empty()

    def empty(self) -> None:
        """Delete every staging folder; for whoever is alone."""
        with told():
            for folder in self.path.iterdir():
                shutil.rmtree(folder, ignore_errors=True)

    def count(self) -> int:
        """Return how many staging folders there are, in use or abandoned."""
        with told():
            return len(list(self.path.iterdir()))

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Share the lock for the length of a block: nobody is alone meanwhile."""
        descriptor = self._lock_file()
        try:
            with told():
                fcntl.flock(descriptor, fcntl.LOCK_SH)
            yield
        finally:
            os.close(descriptor)

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """Yield whether nobody else stages or keeps; if so, nobody can begin to before the block ends."""
        descriptor = self._lock_file()
        try:
            yield _taken(descriptor)
        finally:
            os.close(descriptor)

    def _lock_file(self) -> int:
        with told():
            return os.open(self._root / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _taken(descriptor: int) -> bool:
    """Take a lock alone, and return whether nobody else has it."""
    with told():
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


@contextmanager
def told() -> Iterator[None]:
    """Turn what the system says about a disk into StorageUnavailable."""
    try:
        yield
    except OSError as error:
        raise StorageUnavailable(
            f"the models' folder can't be used now ({error.strerror}): nothing was changed; check the disk's space and "
            "permissions, then try again"
        ) from error


def make_durable(folder: Path) -> None:
    """Close the folder to other accounts and have the disk hold every byte of it."""
    with os.scandir(folder) as entries:
        for entry in entries:
            descriptor = _open_plain(entry)
            try:
                os.fchmod(descriptor, 0o600)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
    folder.chmod(0o700)
    flush_folder(folder)


def _open_plain(entry: os.DirEntry[str]) -> int:
    status = entry.stat(follow_symlinks=False)
    if not entry.is_file(follow_symlinks=False) or status.st_nlink != 1:
        raise CorruptArtefact(f"{entry.name}: got a link or a folder, expected a plain file")
    return os.open(entry.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
