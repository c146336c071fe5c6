"""The files of versions in a folder: on this machine's disk, or on one that several machines share."""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path

from carafe.database import flush_folder, make_folder
from carafe.errors import CorruptArtefact
from carafe.registry.staging import Staging, make_durable, told
from carafe.registry.store import Survey

_NAME = re.compile(r"[0-9a-f]{32}")


class DiskArtefacts:
    """An ArtefactStore in a folder: ``kept`` holds a folder an artefact, ``staging`` and ``quarantine`` what they say.

    Everything is closed to other accounts: folders 0700, files 0600. Nothing is collected while anybody stages or keeps
    an artefact. The folder may be one that several machines share, if the file system's locks reach all of them.
    """

    def __init__(self, root: Path) -> None:
        self._kept = root / "kept"
        self._area = Staging(root)
        self._quarantine = root / "quarantine"
        with told():
            for folder in (self._kept, self._quarantine):
                make_folder(folder)

    def staging(self) -> AbstractContextManager[Path]:
        """Yield an empty private folder in which to prepare an artefact; it is gone after the block."""
        return self._area.folder()

    @contextmanager
    def keep(self, staged: Path) -> Iterator[str]:
        """Move a folder into the store, safe from a power cut, and yield the artefact's name."""
        artefact = secrets.token_hex(16)
        with self._area.in_use():
            with told():
                make_durable(staged)
                staged.rename(self._kept / artefact)
                flush_folder(self._kept)
            yield artefact

    def fetch(self, artefact: str) -> Path:
        """Return the folder with the artefact's files."""
        folder = self._folder(artefact)
        with told():
            found = folder.is_dir()
            aside = not found and (self._quarantine / artefact).is_dir()
        if not found:
            raise CorruptArtefact("its files were damaged and put aside" if aside else "its files are gone")
        return folder

    def quarantine(self, artefact: str) -> None:
        """Put an artefact aside, where nobody fetches it but its owner can look at it."""
        with told():
            _move(self._folder(artefact), self._quarantine / artefact)

    def remove(self, artefact: str) -> None:
        """Delete an artefact: first out of sight in one step, then file by file."""
        doomed = self._area.path / f"{artefact}.{secrets.token_hex(4)}"
        with told():
            for folder in (self._folder(artefact), self._quarantine / artefact):
                _move(folder, doomed)
                shutil.rmtree(doomed, ignore_errors=True)

    def collect(self, referenced: Callable[[], frozenset[str]], *, after: datetime | None = None) -> frozenset[str]:
        """Delete what a crash left behind, unless any process stages or keeps an artefact now."""
        with self._area.alone() as alone:
            if not alone:
                return frozenset()
            with told():
                self._area.empty()
                begin = after.timestamp() if after else 0
                found = {folder.name for folder in self._kept.iterdir() if folder.stat().st_mtime >= begin}
                orphans = found - referenced() if found else found
                for orphan in orphans:
                    shutil.rmtree(self._kept / orphan, ignore_errors=True)
            return frozenset(orphans)

    def survey(self) -> Survey:
        """Return what is in the folders."""
        with told():
            kept, aside = (
                frozenset(entry.name for entry in folder.iterdir()) for folder in (self._kept, self._quarantine)
            )
            return Survey(kept=kept, aside=aside, staging=self._area.count())

    def close(self) -> None:
        """Do nothing: nothing is held open."""

    def _folder(self, artefact: str) -> Path:
        if not _NAME.fullmatch(artefact):
            raise CorruptArtefact("its files have a name that this store does not draw")
        return self._kept / artefact


def _move(folder: Path, target: Path) -> None:
    """Rename a folder, and have the disk remember; do nothing when it is not there (any more)."""
    try:
        folder.rename(target)
    except FileNotFoundError:
        return
    flush_folder(folder.parent)
    flush_folder(target.parent)
