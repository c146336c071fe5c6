"""A file for somebody else, such as a backup or an export: it appears whole, under its name, or not at all."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import IO

from carafe.database import flush_folder
from carafe.errors import OutputUnavailable

_ADVICE = {
    errno.ENOENT: "make the folder first, or choose another",
    errno.ENOTDIR: "what should be its folder is a file; choose another",
    errno.EISDIR: "it is a folder; name a file in it",
    errno.EACCES: "this account may not; choose another folder",
    errno.EPERM: "this account may not; choose another folder",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.EROFS: "choose a folder on a disk that takes changes",
    errno.ENOSPC: "make room, or choose another disk",
    errno.EDQUOT: "make room, or choose another disk",
}
"""What to do, by what the system says."""


ZIP = b"PK\x03\x04"
"""How a zip with something in it begins."""

_NAME_AT = 30
"""Where the name of its first member stands (APPNOTE.TXT 6.3, section 4.3.7)."""


@contextmanager
def new_file(file: Path, *, first: tuple[str, ...]) -> Iterator[IO[bytes]]:
    """Yield a stream, for writing and reading, of a zip that takes the place of ``file`` when the block ends well.

    Only an older one of its kind is replaced, or an empty file: whoever names another one, such as a database or
    somebody's workbook, has made a mistake. A process that is killed leaves what it wrote so far, beside ``file``, as
    ``.carafe-*.part``.

    Args:
        file: what is to be written.
        first: how the name of its first member may begin, by which older ones are known.

    Raises:
        OutputUnavailable: when it can't be written; what was there is still there. Also when all of it is under its
            name already, and the disk does not say that it will remember so.
    """
    _check_replaceable(file, first)
    draft = file.parent / f".carafe-{secrets.token_hex(8)}.part"
    try:
        try:
            with os.fdopen(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "w+b") as stream:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
            draft.rename(file)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:  # what is read meanwhile says for itself what is wrong with it
        advice = _ADVICE.get(error.errno or 0, "look at the disk, or choose another place")
        raise OutputUnavailable(f"{file} can't be written ({error.strerror}): {advice}") from error
    try:
        flush_folder(file.parent)
    except OSError as error:
        raise OutputUnavailable(
            f"{file} is written, but the disk does not say that it will remember its name ({error.strerror}): look at "
            "the disk, then write it once more"
        ) from error


def _check_replaceable(file: Path, first: tuple[str, ...]) -> None:
    """Raise OutputUnavailable where ``file`` is there, and neither what this writes nor empty."""
    try:
        if not file.exists() or file.is_dir():  # renaming says what is wrong with a folder
            return
        regular = file.is_file()
        with file.open("rb") if regular else nullcontext() as stream:
            begins = stream.read(_NAME_AT + max(map(len, first))) if stream else b""
    except OSError as error:  # what can't be read can't be told from what must not be lost
        if error.errno == errno.ENAMETOOLONG:
            return  # nothing can be there, as renaming will say
        regular, begins = False, b""
    ours = begins.startswith(ZIP) and begins[_NAME_AT:].startswith(tuple(name.encode() for name in first))
    if not regular or (begins and not ours):
        raise OutputUnavailable(f"{file} is there already, and is something else: choose another name")
