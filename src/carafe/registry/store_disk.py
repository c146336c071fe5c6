"""The files of versions in a folder on this machine's disk."""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from carafe.database import flush_folder, make_folder
from carafe.errors import CorruptArtefact, StorageUnavailable
from carafe.registry.store import Survey

_NAME = re.compile(r"[0-9a-f]{32}")


class DiskArtefacts:
    """An ArtefactStore in a folder: ``kept`` holds a folder an artefact, ``staging`` and ``quarantine`` what they say.

    Everything is closed to other accounts: folders 0700, files 0600. Whoever stages or keeps an artefact shares a lock
    that the kernel releases when the process dies; collecting needs it alone. Thus what is found in ``staging`` then
    belongs to nobody.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._kept = root / "kept"
        self._staging = root / "staging"
        self._quarantine = root / "quarantine"
        with _told():
            for folder in (root, self._kept, self._staging, self._quarantine):
                make_folder(folder)

    @contextmanager
    def staging(self) -> Iterator[Path]:
        """Yield an empty private folder in which to prepare an artefact; it is gone after the block."""
        self.sweep()
        with self._in_use():
            with _told():
                folder = Path(tempfile.mkdtemp(dir=self._staging))
            try:
                yield folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def keep(self, staged: Path) -> Iterator[str]:
        """Move a folder into the store, safe from a power cut, and yield the artefact's name."""
        artefact = secrets.token_hex(16)
        with self._in_use():
            with _told():
                _make_durable(staged)
                staged.rename(self._kept / artefact)
                flush_folder(self._kept)
            yield artefact

    def fetch(self, artefact: str) -> Path:
        """Return the folder with the artefact's files."""
        folder = self._folder(artefact)
        if not folder.is_dir():
            aside = (self._quarantine / artefact).is_dir()
            raise CorruptArtefact("its files were damaged and put aside" if aside else "its files are gone")
        return folder

    def quarantine(self, artefact: str) -> None:
        """Put an artefact aside, where nobody fetches it but its owner can look at it."""
        with _told():
            _move(self._folder(artefact), self._quarantine / artefact)

    def remove(self, artefact: str) -> None:
        """Delete an artefact: first out of sight in one step, then file by file."""
        doomed = self._staging / f"{artefact}.{secrets.token_hex(4)}"
        with _told():
            for folder in (self._folder(artefact), self._quarantine / artefact):
                _move(folder, doomed)
                shutil.rmtree(doomed, ignore_errors=True)

    def collect(self, referenced: Callable[[], frozenset[str]], *, after: datetime | None = None) -> frozenset[str]:
        """Delete what a crash left behind, unless any process stages or keeps an artefact now."""
        with self._alone() as alone:
            if not alone:
                return frozenset()
            with _told():
                self._empty_staging()
                begin = after.timestamp() if after else 0
                found = {folder.name for folder in self._kept.iterdir() if folder.stat().st_mtime >= begin}
                orphans = found - referenced() if found else found
                for orphan in orphans:
                    shutil.rmtree(self._kept / orphan, ignore_errors=True)
            return frozenset(orphans)

    def survey(self) -> Survey:
        """Return what is in the folders."""
        with _told():
            kept, aside, staging = (
                frozenset(entry.name for entry in folder.iterdir())
                for folder in (self._kept, self._quarantine, self._staging)
            )
            return Survey(kept=kept, aside=aside, staging=len(staging))

    def sweep(self) -> None:
        """Delete abandoned staging folders, unless any process is staging now."""
        with self._alone() as alone, _told():
            if alone:
                self._empty_staging()

    def close(self) -> None:
        """Do nothing: nothing is held open."""

    def _empty_staging(self) -> None:
        for folder in self._staging.iterdir():
            shutil.rmtree(folder, ignore_errors=True)

    def _folder(self, artefact: str) -> Path:
        if not _NAME.fullmatch(artefact):
            raise CorruptArtefact("its files have a name that this store does not draw")
        return self._kept / artefact

    @contextmanager
    def _in_use(self) -> Iterator[None]:
        descriptor = self._lock_file()
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH)
            yield
        finally:
            os.close(descriptor)

    @contextmanager
    def _alone(self) -> Iterator[bool]:
        """Yield whether nobody else stages or keeps; if so, nobody can begin to before the block ends."""
        descriptor = self._lock_file()
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True
        finally:
            os.close(descriptor)

    def _lock_file(self) -> int:
        with _told():
            return os.open(self._root / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageUnavailable(
            f"the models' folder can't be used now ({error.strerror}): nothing was changed; check the disk's space and "
            "permissions, then try again"
        ) from error


def _make_durable(folder: Path) -> None:
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


def _move(folder: Path, target: Path) -> None:
    """Rename a folder, and have the disk remember; do nothing when it is not there (any more)."""
    try:
        folder.rename(target)
    except FileNotFoundError:
        return
    flush_folder(folder.parent)
    flush_folder(target.parent)
