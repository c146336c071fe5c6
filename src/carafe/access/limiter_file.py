"""What callers asked lately, in a file of the home: the same for all workers of a machine, and after a restart."""

from __future__ import annotations

import fcntl
import logging
import os
import struct
import time
from hashlib import blake2b
from pathlib import Path
from threading import Lock

from carafe.access.limiter_memory import MemoryLimiter
from carafe.access.rate import Rate
from carafe.access.window import NANOSECONDS, Window, take

FILE = "limits"
"""The file's name in the home."""

_HEADER = struct.Struct("<8s36sq12x")
_SLOT = struct.Struct("<16sqqqq16x")
_MAGIC = b"carafe\x00\x01"
_SLOTS = 8192
_LOOKS = 16
"""In how many slots a caller may be, from the one that its digest names."""

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_LOG = logging.getLogger("carafe.access")


class FileLimiter:
    """A Limiter for all processes of one machine. Safe to use from several threads.

    Each caller has a slot that is found by a digest of its name. A request reads, counts and writes its slot under a
    lock that the kernel releases when the process dies. Moments are those of the machine's monotonic clock; in a file
    from before the machine was started again they are moved by the wall clock, so that a restart forgives nothing.
    Where the file can't be used, each process counts for itself, and the log says so.
    """

    def __init__(self, home: Path) -> None:
        self._path = home / FILE
        self._lock = Lock()
        self._descriptor: int | None = None
        self._alone = MemoryLimiter()
        self._failing = False

    def take(self, caller: str, rate: Rate) -> float:
        """Let one request of a caller through, if the limit has room for it."""
        name = blake2b(caller.encode(), digest_size=16).digest()
        with self._lock:
            try:
                wait = self._take(name, rate)
            except OSError as error:
                self._told(error)
                return self._alone.take(caller, rate)
            self._failing = False
            return wait

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            if self._descriptor is not None:
                os.close(self._descriptor)
                self._descriptor = None

    def _take(self, name: bytes, rate: Rate) -> float:
        if self._descriptor is None:
            self._descriptor = _opened(self._path)
        fcntl.lockf(self._descriptor, fcntl.LOCK_EX)
        try:
            moment = time.monotonic_ns()
            place, window = self._find(name, moment)
            window, wait = take(window, rate, moment)
            if not wait:
                os.pwrite(self._descriptor, _SLOT.pack(name, *window, rate.seconds), _offset(place))
            return wait
        finally:
            fcntl.lockf(self._descriptor, fcntl.LOCK_UN)

    def _find(self, name: bytes, moment: int) -> tuple[int, Window]:
        """Return a caller's slot and window; for a new caller a slot that is free, or was used longest ago."""
        assert self._descriptor is not None  # noqa: S101 - for the type checker: opened by whoever asks
        first = int.from_bytes(name[:8], "little") % (_SLOTS - _LOOKS)
        content = os.pread(self._descriptor, _LOOKS * _SLOT.size, _offset(first))
        slots = list(_SLOT.iter_unpack(content))
        for place, (known, began, before, now, _) in enumerate(slots, start=first):
            if known == name:
                return place, Window(began, before, now)
        rested = [moment - began - 2 * seconds * NANOSECONDS for _, began, _, _, seconds in slots]
        return first + max(range(_LOOKS), key=rested.__getitem__), Window()

    def _told(self, error: OSError) -> None:
        if not self._failing:
            _LOG.warning("%s can't be used (%s): each process counts requests for itself", self._path, error.strerror)
        self._failing = True


def _offset(place: int) -> int:
    return _HEADER.size + place * _SLOT.size


def _opened(path: Path) -> int:
    """Open the file, made or moved to this start of the machine where needed."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX)
        boot, shift = _boot(), time.time_ns() - time.monotonic_ns()
        header = os.pread(descriptor, _HEADER.size, 0)
        if len(header) < _HEADER.size or not header.startswith(_MAGIC):
            os.ftruncate(descriptor, 0)
            os.posix_fallocate(descriptor, 0, _offset(_SLOTS))
        elif _HEADER.unpack(header)[1] != boot:
            _move(descriptor, by=_HEADER.unpack(header)[2] - shift)
        os.pwrite(descriptor, _HEADER.pack(_MAGIC, boot, shift), 0)
        fcntl.lockf(descriptor, fcntl.LOCK_UN)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _move(descriptor: int, *, by: int) -> None:
    """Move all moments, so that they are as long ago as they were."""
    content = os.pread(descriptor, _SLOTS * _SLOT.size, _HEADER.size)
    moved = [
        _SLOT.pack(name, min(began + by, time.monotonic_ns()), *rest)
        for name, began, *rest in _SLOT.iter_unpack(content)
    ]
    os.pwrite(descriptor, b"".join(moved), _HEADER.size)


def _boot() -> bytes:
    """Return what names this start of the machine; nothing where the system does not tell."""
    try:
        return _BOOT.read_bytes().strip()[:36]
    except OSError:
        return b""
