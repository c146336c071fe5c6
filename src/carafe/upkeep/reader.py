"""An archive that is being read, and is not believed: every name, size and digest is checked before it is used."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import msgspec

from carafe.database.upgrade import REVISIONS
from carafe.errors import BackupUnavailable, CorruptArtefact, CorruptBackup, NewerHome, StorageUnavailable
from carafe.models.verification import MAX_MANIFEST_BYTES
from carafe.registry.new_file import ZIP
from carafe.upkeep.archive import ARTEFACT, CHUNK, FORMAT, INDEX, SECRET, TABLE, Index, Member

MAX_INDEX_BYTES = 1024**3
"""The largest index: some hundred bytes a file, so millions of files."""

MAX_LINE_BYTES = 2 * MAX_MANIFEST_BYTES
"""The longest row, of which a manifest is the largest part."""

_END = b"PK\x05\x06"
_END_BYTES = 22
"""How the last record of a zip begins, and its size where no comment follows; none does in a backup."""

_BROKEN = (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError, struct.error)
"""What reading a broken archive raises."""


_NOT_OURS = "not a file that `carafe backup` wrote, or broken"


class _Format(msgspec.Struct):
    """The one field that every format has."""

    format: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """An open archive whose members are exactly those that its index lists, by name and size."""

    archive: zipfile.ZipFile
    index: Index
    members: dict[str, Member]

    def pieces(self, path: str) -> Iterator[bytes]:
        """Yield a member's content, a piece at a time.

        Raises:
            CorruptBackup: at the end, when it is not what the index promises.
        """
        digest = hashlib.sha256()
        with self._opened(path) as stream:
            while piece := stream.read(CHUNK):
                digest.update(piece)
                yield piece
        if digest.hexdigest() != self.members[path].sha256:
            raise CorruptBackup(f"{path}: its content is not what was backed up (SHA-256 differs)")

    def content(self, path: str, *, limit: int) -> bytes:
        """Return a small member's content.

        Raises:
            CorruptBackup: when it is larger than ``limit`` bytes, missing, or not what the index promises.
        """
        if path not in self.members or self.members[path].size > limit:
            raise CorruptBackup(f"{path}: missing, or larger than {limit} bytes")
        return b"".join(self.pieces(path))

    def lines(self, path: str) -> Iterator[bytes]:
        """Yield the lines of a member, whose digest was checked before."""
        with self._opened(path) as stream:
            while line := stream.readline(MAX_LINE_BYTES + 1):
                if len(line) > MAX_LINE_BYTES:
                    raise CorruptBackup(f"{path}: a row of more than {MAX_LINE_BYTES} bytes")
                yield line

    def files(self, artefact: str) -> dict[str, Member]:
        """Return the members that are files of an artefact, by the files' names."""
        prefix = f"artefacts/{artefact}/"
        return {path.removeprefix(prefix): member for path, member in self.members.items() if path.startswith(prefix)}

    @contextmanager
    def _opened(self, path: str) -> Iterator[zipfile.ZipExtFile]:
        with _being_read(), self.archive.open(path) as stream:
            yield stream  # type: ignore[misc] # a binary file, as typeshed says, and more


@contextmanager
def open_archive(file: Path) -> Iterator[Reader]:
    """Yield an archive, open to be read; whatever turns out to be wrong with it in the block names it.

    Raises:
        CorruptBackup: when it is none, or damaged.
        NewerHome: when a newer Carafe wrote it.
        BackupUnavailable: when it can't be read.
        StorageUnavailable: when the block can't write what it reads.
    """
    with _told(file), _opened(file) as stream:
        with _being_read():
            archive = _opened_whole(stream)
            entries = _checked(archive.infolist(), os.fstat(stream.fileno()).st_size)
            index = _read_index(archive, entries)
        with archive:
            members = {member.path: member for member in index.members}
            if {entry.filename: entry.file_size for entry in entries if entry.filename != INDEX} != {
                path: member.size for path, member in members.items()
            } or len(members) != len(index.members):
                raise CorruptBackup(f"{INDEX} does not list what is there")
            yield Reader(archive=archive, index=index, members=members)


def _opened_whole(stream: IO[bytes]) -> zipfile.ZipFile:
    """Return the archive that the file is from its first byte to its last.

    A zip's table of contents is at its end, and whoever looks for it takes that of a smaller one within for it where
    the file is cut off, and passes over whatever was appended.
    """
    begin = stream.read(len(ZIP))
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - _END_BYTES))
    end = stream.read()
    if begin == ZIP and not (end.startswith(_END) and end.endswith(b"\0\0")):
        raise CorruptBackup("it is cut off, or something was appended to it: make or fetch it again")
    archive = zipfile.ZipFile(stream)
    if begin == ZIP and min((entry.header_offset for entry in archive.infolist()), default=0) != 0:
        raise CorruptBackup("it is cut off: make or fetch it again")
    return archive


def _checked(entries: list[zipfile.ZipInfo], size: int) -> list[zipfile.ZipInfo]:
    """Return the entries if each is a plain, uncompressed file of a name that a backup has, and none comes twice."""
    if len({entry.filename for entry in entries}) != len(entries):
        raise CorruptBackup("it holds two files of the same name")
    for entry in entries:
        name = entry.filename
        known = name in {INDEX, SECRET} or TABLE.fullmatch(name) or ARTEFACT.fullmatch(name)
        plain = stat.S_IFMT(entry.external_attr >> 16) in {0, stat.S_IFREG} and entry.orig_filename == name
        if not known or not plain:
            raise CorruptBackup(f"{entry.orig_filename[:100]!a}: expected only files that `carafe backup` writes")
        if entry.compress_type != zipfile.ZIP_STORED or entry.compress_size != entry.file_size or entry.flag_bits & 1:
            raise CorruptBackup(f"{name}: expected content that is neither compressed nor encrypted")
    if sum(entry.file_size for entry in entries) > size:
        raise CorruptBackup("its files are larger than it is: it looks like an archive bomb")
    return entries


def _read_index(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> Index:
    found = next((entry for entry in entries if entry.filename == INDEX), None)
    if found is None or found.file_size > MAX_INDEX_BYTES:
        raise CorruptBackup(f"it has no {INDEX}: expected a file that `carafe backup` wrote")
    content = archive.read(found)
    number = msgspec.json.decode(content, type=_Format).format
    if number > FORMAT:
        raise NewerHome(f"backup format {number}, expected at most {FORMAT}: upgrade carafe-serve to restore it")
    index = msgspec.json.decode(content, type=Index)
    if index.revision not in REVISIONS:
        raise NewerHome(
            f"database revision {index.revision}, this Carafe knows up to {REVISIONS[-1]}: install the Carafe that "
            f"wrote it ({index.carafe}) or a newer one"
        )
    return index


@contextmanager
def _opened(file: Path) -> Iterator[IO[bytes]]:
    with _being_read():
        stream = file.open("rb")
    with stream:
        yield stream


@contextmanager
def _being_read() -> Iterator[None]:
    """Tell what is wrong with reading the archive from what is wrong with writing what was read.

    A stream that is read to its end or given up raises nothing here that its reader has met elsewhere.
    """
    try:
        yield
    except FileNotFoundError as error:
        raise BackupUnavailable("there is no such file: check its name") from error
    except OSError as error:
        if error.errno == errno.EINVAL:  # what a broken archive gets when it points before its own beginning
            raise CorruptBackup(f"{_NOT_OURS} ({error})") from error
        raise BackupUnavailable(
            f"it can't be read ({error.strerror or error}): check its owner and its disk"
        ) from error


@contextmanager
def _told(file: Path) -> Iterator[None]:
    """Say of everything that can be wrong with an archive that the archive is wrong, and which one it is."""
    try:
        yield
    except (CorruptBackup, NewerHome) as error:
        raise type(error)(f"{file.name}: {error}") from error
    except CorruptArtefact as error:
        raise CorruptBackup(f"{file.name}: {error}") from error
    except BackupUnavailable as error:
        raise BackupUnavailable(f"{file}: {error}") from error
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise StorageUnavailable(
            f"{where}it can't be restored into now ({error.strerror or error}): check the disk's space and "
            "permissions, then run the same command again"
        ) from error
    except (*_BROKEN, msgspec.MsgspecError) as error:
        raise _not_ours(file, error) from error


def _not_ours(file: Path, error: Exception) -> CorruptBackup:
    return CorruptBackup(f"{file.name}: {_NOT_OURS} ({error})")
