"""Who reads what in a folder that several processes share: so that nothing is deleted under a reader's hands."""

from __future__ import annotations

import fcntl
import os
import struct
import weakref
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PosixPath
from threading import Lock


class Held(PosixPath):
    """A path whose lease lasts for as long as this very object, or whoever keeps it, is there."""


class Leases:
    """Locks on single bytes of one file, one byte a name: one descriptor, however much is held.

    The kernel lets go of them when the process ends, however it ends. A forked child takes its own as soon as it asks
    for something. Source: fcntl(2), "Open file description locks".
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = Lock()
        self._held: Counter[str] = Counter()
        self._released: deque[str] = deque()
        self._process = 0
        self._descriptor = -1

    def hold(self, name: str, path: Path) -> Path:
        """Return ``path`` as an object that keeps ``name`` from being claimed for as long as it lives."""
        with self._lock:
            self._settle()
            if not self._held[name]:
                self._set(name, fcntl.F_RDLCK, wait=True)
            self._held[name] += 1
        held = Held(path)
        weakref.finalize(held, self._released.append, name)
        return held

    @contextmanager
    def claimed(self, name: str) -> Iterator[bool]:
        """Yield whether no process holds ``name``; if so, none can begin to before the block ends."""
        with self._lock:
            self._settle()
            if self._held[name]:
                yield False
                return
            try:
                self._set(name, fcntl.F_WRLCK, wait=False)
            except OSError:
                yield False
                return
            try:
                yield True
            finally:
                self._set(name, fcntl.F_UNLCK, wait=False)

    def close(self) -> None:
        """Let go of everything."""
        with self._lock:
            self._let_go()
            self._process = 0
            self._held.clear()

    def _settle(self) -> None:
        """Open the file in this process, and let go of what nobody holds any more."""
        if self._process != os.getpid():
            self._let_go()  # of the parent's, whose locks would outlast the parent in it
            self._process = os.getpid()
            self._descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            for name in self._held:
                self._set(name, fcntl.F_RDLCK, wait=True)
        while self._released:
            name = self._released.popleft()
            if name in self._held:
                self._held[name] -= 1
                if not self._held[name]:
                    self._set(name, fcntl.F_UNLCK, wait=False)
        self._held += Counter()  # without the names that came down to nothing

    def _let_go(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _set(self, name: str, kind: int, *, wait: bool) -> None:
        place = int(name[:15], 16)  # a name is 32 random hexadecimal digits
        lock = struct.pack("hhqqi0q", kind, os.SEEK_SET, place, 1, 0)
        fcntl.fcntl(self._descriptor, fcntl.F_OFD_SETLKW if wait else fcntl.F_OFD_SETLK, lock)
