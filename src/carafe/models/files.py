"""The files of an artefact: written so that a crash leaves nothing half done, read so that nothing is trusted early."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path

from carafe.errors import CorruptArtefact, StorageUnavailable
from carafe.models.manifest import FileDigest

MAX_FILE_BYTES = 4 * 1024**3
"""The largest file of an artefact."""

MAX_FILES = 64
"""The most files that an artefact may have."""

_NOT_THERE = {errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENXIO}
"""What the system says when a file is gone or is no plain file; anything else may pass, such as a bad moment."""


def digest_of(path: str, content: bytes) -> FileDigest:
    """Return the digest of a file's content."""
    return FileDigest(path=path, sha256=hashlib.sha256(content).hexdigest(), size=len(content))


def write_files(directory: Path, files: Mapping[str, bytes]) -> None:
    """Write new files, mode 0600, each on the disk before this returns, in a directory that exists.

    Raises:
        FileExistsError: when there is such a file; it stays as it is.
        StorageUnavailable: when the disk is full, or can't be written for another reason.
    """
    try:
        for name, content in files.items():
            _write_new(directory / name, content)
    except FileExistsError:
        raise
    except OSError as error:
        raise StorageUnavailable(
            f"an artefact can't be written now ({error.strerror}): check the disk's space and permissions"
        ) from error


def remove_file(directory: Path, name: str) -> None:
    """Delete a file; do nothing where it is not there.

    Raises:
        StorageUnavailable: when the directory can't be written.
    """
    try:
        (directory / name).unlink(missing_ok=True)
    except OSError as error:
        raise StorageUnavailable(
            f"an artefact can't be written now ({error.strerror}): check the disk's space and permissions"
        ) from error


def _write_new(file: Path, content: bytes) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def list_files(directory: Path) -> frozenset[str]:
    """Return the names in the directory.

    Raises:
        CorruptArtefact: when there is no such directory, or an entry is no plain file (a link, a directory).
        StorageUnavailable: when it can't be read now, which says nothing about the files.
    """
    try:
        with os.scandir(directory) as entries:
            found = {entry.name: entry.is_file(follow_symlinks=False) for entry in entries}
    except OSError as error:
        if error.errno in _NOT_THERE:
            raise CorruptArtefact(f"no artefact at {directory.name}: {error.strerror}") from error
        raise StorageUnavailable(f"an artefact's folder can't be read now ({error.strerror})") from error
    for name, plain in found.items():
        if not plain:
            raise CorruptArtefact(f"{name}: got a link or a directory, expected a plain file")
    return frozenset(found)


def read_file(directory: Path, name: str, *, limit: int = MAX_FILE_BYTES) -> bytes:
    """Return a plain file's content.

    Raises:
        CorruptArtefact: when it is missing, no plain file, or larger than ``limit`` bytes.
        StorageUnavailable: when it can't be read now, which says nothing about the file.
    """
    with opened_file(directory, name, limit) as stream:
        return stream.read(limit + 1)[:limit]


@contextmanager
def opened_file(directory: Path, name: str, limit: int = MAX_FILE_BYTES) -> Iterator[BufferedReader]:
    """Yield a plain file of at most ``limit`` bytes, open to be read.

    Raises:
        CorruptArtefact, StorageUnavailable: as ``read_file``, also while it is read in the block.
    """
    try:
        descriptor = os.open(directory / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as stream:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise CorruptArtefact(f"{name}: got something else, expected a plain file")
            if status.st_size > limit:
                raise CorruptArtefact(f"{name}: got {status.st_size} bytes, expected at most {limit}")
            yield stream
    except OSError as error:
        if error.errno in _NOT_THERE:
            raise CorruptArtefact(f"{name}: can't be read ({error.strerror})") from error
        raise StorageUnavailable(f"{name}: can't be read now ({error.strerror})") from error


def read_checked(directory: Path, digest: FileDigest) -> bytes:
    """Return a file's content, once it has the size and the digest that the manifest promises.

    Raises:
        CorruptArtefact: when it has not.
    """
    content = read_file(directory, digest.path, limit=min(digest.size, MAX_FILE_BYTES))
    _compare(digest_of(digest.path, content), digest)
    return content


def check_file(directory: Path, digest: FileDigest) -> None:
    """Check a file's size and digest without holding its content in memory.

    Raises:
        CorruptArtefact: when they are not what the manifest promises.
    """
    with opened_file(directory, digest.path, min(digest.size, MAX_FILE_BYTES)) as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
        _compare(FileDigest(path=digest.path, sha256=found, size=stream.tell()), digest)


def _compare(found: FileDigest, promised: FileDigest) -> None:
    if found != promised:
        raise CorruptArtefact(f"{promised.path}: its content is not what the manifest promises (SHA-256 differs)")
