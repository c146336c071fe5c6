"""Look through the archive that holds a model, before anything of it is built.

skops checks the types that a file names, but lets it hand arguments of its own to their constructors, and name one
large part a thousand times. What skops writes for a model does neither.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec

from carafe.errors import CorruptArtefact, LoadFailed

FILE = "model.skops"

MAX_RATIO = 100
"""How many times its stored size a model may take unpacked, beyond ALWAYS_BYTES."""

ALWAYS_BYTES = 64 * 1024**2
"""What a model may take unpacked however small it is stored."""

_PLAN = "schema.json"
_ARCHIVE = b"PK\x03\x04"
_LOSSES = {"sklearn._loss._loss", "sklearn.linear_model._sgd_fast"}
"""The modules of the losses, whose constructors take one or two numbers."""


def check_archive(content: bytes) -> None:
    """Check how large an archive's parts become, and that none of them is a call.

    Raises:
        CorruptArtefact: when it is no archive, would fill the memory, or has a constructor called.
        LoadFailed: when this machine has not the memory.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _check_size(content, sum(entry.file_size for entry in archive.infolist()))
            parts = list(_parts(msgspec.json.decode(archive.read(_PLAN))))
            unpacked = cache(lambda name: _unpacked(archive, name))
            _check_size(content, sum(unpacked(part["file"]) for part in parts if "file" in part))
    except CorruptArtefact:
        raise
    except MemoryError as error:
        raise LoadFailed(f"{FILE}: can't be unpacked on this machine now ({type(error).__name__})") from error
    except Exception as error:  # OSError, too: of bytes in memory only a compressor that does not know them raises it
        raise CorruptArtefact(f"{FILE}: can't be parsed ({type(error).__name__}: {error})") from error
    for part in parts:
        _check_call(part)


def _parts(plan: object) -> Iterator[dict[str, Any]]:
    """Yield every part that the plan names, however deep."""
    waiting = [plan]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            waiting.extend(part.values())
            if "__loader__" in part:
                yield part
        elif isinstance(part, list):
            waiting.extend(part)


def _unpacked(archive: zipfile.ZipFile, name: str) -> int:
    """Return what a part takes once it is read; a sparse matrix is an archive within the archive."""
    entry = archive.getinfo(name)
    with archive.open(entry) as stream:
        if stream.read(len(_ARCHIVE)) != _ARCHIVE:
            return entry.file_size
    with zipfile.ZipFile(io.BytesIO(archive.read(entry))) as inner:
        return entry.file_size + sum(each.file_size for each in inner.infolist())


def _check_size(content: bytes, size: int) -> None:
    if size > max(MAX_RATIO * len(content), ALWAYS_BYTES):
        raise CorruptArtefact(
            f"{FILE}: would grow from {len(content)} to {size} bytes, expected at most {MAX_RATIO} times"
        )


def _check_call(part: dict[str, Any]) -> None:
    loader, module = part["__loader__"], part.get("__module__")
    if loader == "ConstructorFromReduceNode" or (loader == "LossNode" and module not in _LOSSES):
        raise CorruptArtefact(
            f"{FILE}: it is made of types that Carafe does not load: a call of {module}.{part.get('__class__')}"
        )
