"""Where the workers of one server put their snapshots, so that each of them can tell the figures of all.

Workers of one server are processes with the same parent, the same command line and the same home: those of ``carafe
serve``, gunicorn or uWSGI are. Each writes a file of its own, whole and then renamed. What a worker has counted
outlives it: when a new one starts, the counts of those that have ended are gathered in one file.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from carafe.monitoring.process import identity, runs
from carafe.monitoring.snapshot import Snapshot, merged

STALE_SECONDS = 24 * 3600
"""The files of a server that wrote nothing for so long are removed."""

_SUFFIX = ".worker"
_GONE = "gone"
_REMEMBERED = 64  # ended workers by name, for a reader that listed a file just before it was gathered

_BOOT = Path("/proc/sys/kernel/random/boot_id")


class _Gone(msgspec.Struct, kw_only=True):
    """The counts of workers that have ended, and which the last of them were."""

    counts: Snapshot
    workers: list[str]


_encode = msgspec.msgpack.Encoder().encode
_snapshot = msgspec.msgpack.Decoder(Snapshot).decode
_gone = msgspec.msgpack.Decoder(_Gone).decode


class Workers:
    """The snapshots of one server's workers, in a folder that only this user may use."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def join(self) -> None:
        """Make the folder where there is none, and gather what workers that have ended left.

        Raises:
            OSError: when the folder can't be made, or is another user's.
        """
        for folder in (self._folder.parent, self._folder):
            _own(folder)
        with self._locked():
            self._gather()
        _sweep(self._folder.parent)

    def write(self, snapshot: Snapshot) -> None:
        """Put this process's snapshot in the place of its earlier one.

        Raises:
            OSError: when it can't be written.
        """
        path, content = self._folder / f"{snapshot.worker}{_SUFFIX}", _encode(snapshot)
        try:
            self._replace(path, content)
        except FileNotFoundError:  # somebody has tidied up the folder for temporary files
            self.join()
            self._replace(path, content)

    def together(self, own: Snapshot) -> Snapshot:
        """Return what all workers say together: those that run, those that ended, and this one as of ``own``."""
        others = [each for each in self._written() if each.worker != own.worker]
        gone = self._read_gone()  # after the others: whoever was gathered meanwhile is not counted twice
        counted = [each if runs(each.worker) else _counts(each) for each in others if each.worker not in gone.workers]
        return merged([own, gone.counts, *counted], worker=own.worker)

    def remove(self) -> None:
        """Remove the folder: the server has ended."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _gather(self) -> None:
        gone = self._read_gone()
        ended = [each for each in self._written() if each.worker not in gone.workers and not runs(each.worker)]
        if ended:
            counts = merged([gone.counts, *map(_counts, ended)], worker=_GONE)
            workers = [*gone.workers, *(each.worker for each in ended)][-_REMEMBERED - len(ended) :]
            self._replace(self._folder / _GONE, _encode(_Gone(counts=counts, workers=workers)))
        for worker in (each.worker for each in ended):
            (self._folder / f"{worker}{_SUFFIX}").unlink(missing_ok=True)

    def _written(self) -> list[Snapshot]:
        found = []
        for path in sorted(self._folder.glob(f"*{_SUFFIX}")):
            with suppress(OSError, msgspec.MsgspecError):  # gathered meanwhile, or another Carafe's
                found.append(_snapshot(path.read_bytes()))
        return found

    def _read_gone(self) -> _Gone:
        try:
            return _gone((self._folder / _GONE).read_bytes())
        except (OSError, msgspec.MsgspecError):
            return _Gone(counts=Snapshot(worker=_GONE), workers=[])

    def _replace(self, path: Path, content: bytes) -> None:
        new = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            new.write_bytes(content)
            new.replace(path)
        except OSError:
            new.unlink(missing_ok=True)
            raise

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with (self._folder / "lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def forget_workers(home: Path) -> None:
    """Remove the folder of the workers that this process has started over a home; they have ended."""
    Workers(server_folder(home, parent=os.getpid())).remove()


def server_folder(home: Path, *, parent: int | None = None, instance: int = 0) -> Path:
    """Return the folder of the server that this process works for.

    Args:
        home: the home whose models it serves.
        parent: the process that starts the workers; this one's parent if not given.
        instance: which of several services over this home in one process is meant.
    """
    parent = os.getppid() if parent is None else parent
    boot = _BOOT.read_text() if _BOOT.exists() else ""
    parts = (str(home), boot, identity(parent) or str(parent), str(instance), *sys.argv)
    name = hashlib.sha256("\0".join(parts).encode(errors="surrogateescape")).hexdigest()[:24]
    return Path(tempfile.gettempdir()) / f"carafe-metrics-{os.getuid()}" / name


def _counts(snapshot: Snapshot) -> Snapshot:
    """Return a snapshot without its gauges, which say nothing of a process that has ended."""
    return Snapshot(worker=snapshot.worker, counters=snapshot.counters, spreads=snapshot.spreads)


def _own(folder: Path) -> None:
    """Make a folder that only this user may use, or make sure that it is such a one: its parent is everybody's."""
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise PermissionError(f"{folder} is not a folder of this user alone")


def _sweep(folder: Path) -> None:
    """Remove what servers left that ended long ago."""
    for server in folder.iterdir():
        with suppress(OSError):
            if max(path.stat().st_mtime for path in (server, *server.iterdir())) < time.time() - STALE_SECONDS:
                shutil.rmtree(server)
