"""An archive that is being written: it appears whole, under its name, or not at all."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import stat
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from carafe.database import flush_folder
from carafe.errors import OutputUnavailable
from carafe.upkeep.archive import INDEX, Index, Member

_BEFORE_TIME = (1980, 1, 1, 0, 0, 0)

_ADVICE = {
    errno.ENOENT: "make the folder first, or choose another",
    errno.ENOTDIR: "what should be its folder is a file; choose another",
    errno.EISDIR: "it is a folder; name a file in it",
    errno.EACCES: "this account may not; choose another folder",
    errno.EPERM: "this account may not; choose another folder",
    errno.EROFS: "choose a folder on a disk that takes changes",
    errno.ENOSPC: "make room, or choose another disk",
    errno.EDQUOT: "make room, or choose another disk",
}
"""What to do, by what the system says."""


class Writer:
    """Takes members one after the other, each in pieces of any size."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self.members: list[Member] = []

    def add(self, path: str, pieces: Iterable[bytes]) -> Member:
        """Write a member and return its size and digest."""
        digest, size = hashlib.sha256(), 0
        try:
            with self._archive.open(_entry(path), "w", force_zip64=True) as stream:
                for piece in pieces:
                    stream.write(piece)
                    digest.update(piece)
                    size += len(piece)
        finally:  # what was begun is in the archive, so it is in the index
            member = Member(path=path, size=size, sha256=digest.hexdigest())
            self.members.append(member)
        return member

    def finish(self, index: Index) -> Index:
        """Write the index with the members that were added, and return it."""
        whole = msgspec.structs.replace(index, members=tuple(self.members))
        self._archive.writestr(_entry(INDEX), msgspec.json.format(msgspec.json.encode(whole), indent=1))
        return whole


@contextmanager
def new_archive(file: Path) -> Iterator[Writer]:
    """Yield the writer of an archive that takes the place of ``file`` when the block ends well.

    Raises:
        OutputUnavailable: when it can't be written; what was there is still there.
    """
    draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        try:
            with os.fdopen(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "w+b") as stream:
                with zipfile.ZipFile(stream, "w") as archive:
                    yield Writer(archive)
                stream.flush()
                os.fsync(stream.fileno())
            draft.rename(file)
            flush_folder(file.parent)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:  # what is read meanwhile says for itself what is wrong with it
        advice = _ADVICE.get(error.errno or 0, "look at the disk, or choose another place")
        raise OutputUnavailable(f"{file} can't be written ({error.strerror}): {advice}") from error


def _entry(path: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(path, date_time=_BEFORE_TIME)
    entry.external_attr = (stat.S_IFREG | 0o600) << 16
    return entry
