"""The files of versions in this process's memory: for tests and quick starts."""

from __future__ import annotations

import secrets
import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock

from carafe.errors import CorruptArtefact
from carafe.registry.store import Survey

_STAGING = "staging-"


class MemoryArtefacts:
    """An ArtefactStore that forgets everything when the process ends. Safe to use from several threads.

    What loads a model wants a folder, so an artefact that is fetched is written into a temporary one.
    """

    def __init__(self) -> None:
        self._kept: dict[str, Mapping[str, bytes]] = {}
        self._since: dict[str, datetime] = {}
        self._aside: dict[str, Mapping[str, bytes]] = {}
        self._busy = 0
        self._lock = RLock()
        self._folder = Path(tempfile.mkdtemp(prefix="carafe-"))
        self._finalizer = weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)

    @contextmanager
    def staging(self) -> Iterator[Path]:
        """Yield an empty private folder in which to prepare an artefact; it is gone after the block."""
        with self._in_use():
            folder = Path(tempfile.mkdtemp(prefix=_STAGING, dir=self._folder))
            try:
                yield folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def keep(self, staged: Path) -> Iterator[str]:
        """Take a folder's files into memory, delete the folder, and yield the artefact's name."""
        with self._in_use():
            files = {file.name: _read_plain(file) for file in staged.iterdir()}
            artefact = secrets.token_hex(16)
            self._since[artefact] = datetime.now(UTC)
            self._kept[artefact] = files
            shutil.rmtree(staged)
            yield artefact

    def fetch(self, artefact: str) -> Path:
        """Return a folder with the artefact's files."""
        with self._lock:
            if artefact not in self._kept:
                aside = artefact in self._aside
                raise CorruptArtefact("its files were damaged and put aside" if aside else "its files are gone")
            folder = self._folder / artefact
            if not folder.exists():
                folder.mkdir(mode=0o700)
                for name, content in self._kept[artefact].items():
                    (folder / name).write_bytes(content)
            return folder

    def quarantine(self, artefact: str) -> None:
        """Put an artefact aside, where nobody fetches it."""
        with self._lock:
            files = self._kept.pop(artefact, None)
            if files is not None:
                self._aside[artefact] = files

    def remove(self, artefact: str) -> None:
        """Delete an artefact."""
        with self._lock:
            self._kept.pop(artefact, None)
            self._since.pop(artefact, None)
            self._aside.pop(artefact, None)
            shutil.rmtree(self._folder / artefact, ignore_errors=True)

    def collect(self, referenced: Callable[[], frozenset[str]], *, after: datetime | None = None) -> frozenset[str]:
        """Delete artefacts that are not referenced, unless any thread stages or keeps one now."""
        with self._lock:
            if self._busy:
                return frozenset()
            found = {artefact for artefact in self._kept if after is None or self._since[artefact] >= after}
            orphans = found - referenced()
            for orphan in orphans:
                self.remove(orphan)
            return frozenset(orphans)

    def survey(self) -> Survey:
        """Return what is kept."""
        with self._lock:
            staging = len(list(self._folder.glob(f"{_STAGING}*")))
            return Survey(kept=frozenset(self._kept), aside=frozenset(self._aside), staging=staging)

    def close(self) -> None:
        """Delete the temporary folder."""
        self._finalizer()

    @contextmanager
    def _in_use(self) -> Iterator[None]:
        with self._lock:
            self._busy += 1
        try:
            yield
        finally:
            with self._lock:
                self._busy -= 1


def _read_plain(file: Path) -> bytes:
    if file.is_symlink() or not file.is_file() or file.stat().st_nlink != 1:
        raise CorruptArtefact(f"{file.name}: got a link or a folder, expected a plain file")
    return file.read_bytes()
