"""One version as one file, on its way to another home: a zip of the artefact's files and a label.

The home's signature stays behind, for it means nothing elsewhere. Whoever imports the file checks every digest and
signs it anew.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import msgspec

from carafe.errors import CorruptArtefact, NewerArtefact, StorageUnavailable
from carafe.models.files import MAX_FILES, list_files, read_file
from carafe.models.verification import SIGNATURE
from carafe.registry.new_file import new_file

LABEL = "bundle.json"
FORMAT = 1

MAX_GROWTH = 64 * 1024**2
"""How many bytes unpacking may add to the size of the file itself."""

MAX_RATIO = 100
"""How many times its own size a file may unpack to, once it unpacks to more than a megabyte."""

_MEGABYTE = 1024**2
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_ENCRYPTED = 0x1
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, struct.error)
"""What reading a broken archive raises."""
_BEFORE_TIME = (1980, 1, 1, 0, 0, 0)
"""The same version always makes the same file."""


class Label(msgspec.Struct, frozen=True, kw_only=True):
    """What the version was called where it was exported. It is a suggestion, not a proof."""

    format: int = FORMAT
    name: str
    number: int


def pack(folder: Path, file: Path, label: Label) -> None:
    """Write the files of a verified artefact and a label into ``file``, which appears whole or not at all.

    Raises:
        OutputUnavailable: when the file can't be written.
        StorageUnavailable: when the artefact can't be read now.
    """
    with new_file(file, first=(LABEL,)) as stream:
        _pack_into(stream, folder, label)


def unpack(file: Path, folder: Path) -> Label:
    """Unpack ``file`` into an empty folder and return its label; the files' digests are not checked yet.

    Raises:
        CorruptArtefact: when it is no bundle, or one that reaches out of the folder, grows too much, or is broken.
        NewerArtefact: when a newer Carafe wrote it.
        StorageUnavailable: when it can't be read, or the disk is full.
    """
    with _told(file), file.open("rb") as stream, zipfile.ZipFile(stream) as archive:
        entries = _checked(archive.infolist())
        label = _read_label(archive, entries)
        packed = file.stat().st_size
        room = max(_MEGABYTE, min(packed + MAX_GROWTH, packed * MAX_RATIO))
        for entry in entries:
            if entry.filename != LABEL:
                room -= _extract(archive, entry, folder / entry.filename, room)
    return label


def _pack_into(stream: IO[bytes], folder: Path, label: Label) -> None:
    growth = 0
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(_entry(LABEL), msgspec.json.encode(label))
        for name in sorted(list_files(folder) - {SIGNATURE}):
            content = read_file(folder, name)
            entry = _entry(name)
            saved = _saved(content)
            if saved and growth + saved <= MAX_GROWTH // 2:
                entry.compress_type = zipfile.ZIP_DEFLATED
                growth += saved
            archive.writestr(entry, content)


def _saved(content: bytes) -> int:
    """Return how many bytes deflating saves; 0 where it would go beyond what ``unpack`` takes."""
    if len(content) > MAX_GROWTH:
        return 0
    packed = len(zlib.compress(content))
    return len(content) - packed if packed * MAX_RATIO > 2 * len(content) > 2 * packed else 0


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, date_time=_BEFORE_TIME)
    entry.external_attr = (stat.S_IFREG | 0o600) << 16
    return entry


def _checked(entries: list[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    """Return the entries if each is a plain file with a plain name, all different, also where case does not count."""
    if not 1 <= len(entries) <= MAX_FILES + 2:
        raise CorruptArtefact(f"it holds {len(entries)} files, expected 1 to {MAX_FILES + 2}")
    names = {entry.filename.casefold() for entry in entries}
    if len(names) != len(entries):
        raise CorruptArtefact("it holds two files of the same name")
    for entry in entries:
        kind = stat.S_IFMT(entry.external_attr >> 16)
        plain = kind in {0, stat.S_IFREG} and not entry.is_dir() and entry.orig_filename == entry.filename
        if not plain or not _NAME.fullmatch(entry.filename) or entry.filename == SIGNATURE:
            raise CorruptArtefact(f"{entry.orig_filename[:100]!a}: expected only plain files with plain names")
        if entry.compress_type not in _METHODS or entry.flag_bits & _ENCRYPTED:
            raise CorruptArtefact(f"{entry.filename}: expected stored or deflated content, not encrypted")
    return entries


def _read_label(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> Label:
    entry = next((entry for entry in entries if entry.filename == LABEL), None)
    if entry is None:
        raise CorruptArtefact(f"it has no {LABEL}: expected a file that `carafe export` wrote")
    with archive.open(entry) as stream:
        content = stream.read(_MEGABYTE)
    label = msgspec.json.decode(content, type=Label)
    if label.format > FORMAT:
        raise NewerArtefact(
            f"bundle format {label.format}, expected at most {FORMAT}: upgrade carafe-serve to import it"
        )
    return label


def _extract(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, room: int) -> int:
    """Write one file and return its size; believe what comes out, not what the archive says will."""
    written = 0
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with archive.open(entry) as source, os.fdopen(descriptor, "wb") as stream:
        while chunk := source.read(_MEGABYTE):
            written += len(chunk)
            if written > room:
                raise CorruptArtefact("it unpacks to far more than it should: it looks like an archive bomb")
            stream.write(chunk)
    return written


@contextmanager
def _told(file: Path) -> Iterator[None]:
    """Say of everything that can be wrong with an archive that the archive is wrong, and which one it is."""
    try:
        yield
    except (CorruptArtefact, NewerArtefact) as error:
        raise type(error)(f"{file.name}: {error}") from error
    except OSError as error:
        if error.errno != errno.EINVAL:  # which is what a broken archive gets when it points before its own beginning
            raise StorageUnavailable(f"{file.name}: can't be read or unpacked ({error.strerror})") from error
        raise _not_ours(file, error) from error
    except (*_BROKEN, msgspec.MsgspecError) as error:
        raise _not_ours(file, error) from error


def _not_ours(file: Path, error: Exception) -> CorruptArtefact:
    return CorruptArtefact(f"{file.name}: not a file that `carafe export` wrote, or broken ({error})")
