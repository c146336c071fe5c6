"""Copies of artefacts on this machine's disk: each fetched once, checked whenever it is used, bounded in bytes."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from carafe.database import flush_folder, make_folder
from carafe.errors import CorruptArtefact
from carafe.models.files import check_file, list_files, write_files
from carafe.models.manifest import FileDigest
from carafe.registry.leases import Leases
from carafe.registry.staging import Staging, make_durable, told

MARK = "mark.json"
FILES = "files"


class Mark(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an artefact consists of, written down where it was published."""

    format: int = 1
    files: tuple[FileDigest, ...]

    @property
    def size(self) -> int:
        """How many bytes the files have together."""
        return sum(file.size for file in self.files)


class ArtefactCache:
    """The folder ``kept`` of a root: for each artefact a folder with its ``mark.json`` and its ``files``.

    A copy appears whole: it is written under another name, flushed and renamed. The copies used longest ago make room
    for others, but none that anybody on this machine reads, or has loaded a model from.
    """

    def __init__(self, root: Path, *, most_bytes: int) -> None:
        self.area = Staging(root)
        self._root = root
        self._kept = root / "kept"
        self._most_bytes = most_bytes
        self._leases = Leases(root / "leases")
        with told():
            make_folder(self._kept)

    def find(self, artefact: str, mark: Mark | None = None) -> Path | None:
        """Return the folder with an artefact's files if it is here, as ``mark`` says, or its own mark; else None.

        It stays for as long as the very object that this returns is kept by somebody.
        """
        folder = self._kept / artefact
        with told():
            held = self._leases.hold(artefact, folder / FILES)
            try:
                promised = mark or msgspec.json.decode((folder / MARK).read_bytes(), type=Mark)
                check_files(held, promised)
                os.utime(folder)  # by which the ones used longest ago are known
            except (FileNotFoundError, CorruptArtefact, msgspec.MsgspecError):
                return None
            return held

    def add(self, artefact: str, mark: Mark, fill: Callable[[Path], None]) -> Path:
        """Return the folder with an artefact's files, written by ``fill`` unless another process was faster.

        Raises:
            CorruptArtefact: when ``fill`` has not brought what ``mark`` says.
            StorageUnavailable: when the disk can't be written.
        """
        with self._locked(f"fetch-{artefact[:2]}"):
            found = self.find(artefact, mark)
            if found is not None:
                return found
            # A damaged one goes even if it is held: what takes its place is what its holders expect.
            shutil.rmtree(self._put_away(artefact), ignore_errors=True)
            self._make_room(mark.size)
            with self.area.folder() as draft, told():
                fill(draft / FILES)
                check_files(draft / FILES, mark)
                make_durable(draft / FILES)
                write_files(draft, {MARK: msgspec.json.encode(mark)})
                flush_folder(draft)
                held = self._leases.hold(artefact, self._kept / artefact / FILES)
                draft.rename(self._kept / artefact)
                flush_folder(self._kept)
            return held

    def drop(self, artefact: str) -> bool:
        """Delete a copy unless somebody holds it; tell whether it is gone."""
        with told(), self._leases.claimed(artefact) as free:
            doomed = self._put_away(artefact) if free else None
        if doomed is not None:  # after the claim, for which every other lease of this process waits
            shutil.rmtree(doomed, ignore_errors=True)
        return free

    def close(self) -> None:
        """Let go of what is held."""
        self._leases.close()

    def _put_away(self, artefact: str) -> Path:
        """Move a copy to where nobody looks for it, and where a crash leaves it to the next who stages."""
        doomed = self.area.path / f"{artefact}.{secrets.token_hex(4)}"
        with told(), suppress(FileNotFoundError):
            (self._kept / artefact).rename(doomed)
        return doomed

    def _make_room(self, size: int) -> None:
        """Delete the copies used longest ago until ``size`` more bytes fit; less, where the others are in use."""
        with self._locked("room"):
            copies = sorted((folder.stat().st_mtime, folder) for folder in self._kept.iterdir())
            excess = size - self._most_bytes + sum(_size(folder) for _, folder in copies)
            for _, folder in copies:
                if excess <= 0:
                    return
                freed = _size(folder)
                if self.drop(folder.name):
                    excess -= freed

    @contextmanager
    def _locked(self, name: str) -> Iterator[None]:
        """Keep other processes and threads out for the length of a block."""
        with told():
            descriptor = os.open(self._root / f"{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                yield
            finally:
                os.close(descriptor)


def check_files(folder: Path, mark: Mark) -> None:
    """Return if a folder holds the files of a mark and nothing else.

    Raises:
        CorruptArtefact: when a file is missing, one is too many, or one has another content.
    """
    names = {file.path for file in mark.files}
    if list_files(folder) != names:
        raise CorruptArtefact("its files are not all there")
    for file in mark.files:
        check_file(folder, file)


def _size(folder: Path) -> int:
    with suppress(FileNotFoundError):
        return sum(file.stat().st_size for file in (folder / FILES).iterdir())
    return 0
