"""An archive that is being written: it appears whole, under its name, or not at all."""

from __future__ import annotations

import hashlib
import stat
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from carafe.registry.new_file import new_file
from carafe.upkeep.archive import FIRST, INDEX, Index, Member

_BEFORE_TIME = (1980, 1, 1, 0, 0, 0)


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
    with new_file(file, first=FIRST) as stream, zipfile.ZipFile(stream, "w") as archive:
        yield Writer(archive)


def _entry(path: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(path, date_time=_BEFORE_TIME)
    entry.external_attr = (stat.S_IFREG | 0o600) << 16
    return entry
