"""Disks and databases that can't be used for a while, for real: mounts, locks, and files that are taken away."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

FILLER = "filler"


@contextlib.contextmanager
def small_disk(folder: Path, *, megabytes: int) -> Iterator[Path]:
    """Yield a folder on a disk of its own, which is kept in memory."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=700", "none", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def can_mount() -> bool:
    """Return whether this account may mount."""
    probe = ["unshare", "--mount", "mount", "-t", "tmpfs", "none", "/tmp"]  # noqa: S108 - seen by that process alone
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


@contextlib.contextmanager
def full(home: Path) -> Iterator[None]:
    """Leave no byte on the home's disk."""
    filler = home.parent / FILLER
    with filler.open("wb", buffering=0) as file:
        for size in (65536, 4096, 1):
            with contextlib.suppress(OSError):
                while file.write(b"\0" * size) == size:
                    pass
    try:
        yield
    finally:
        filler.unlink()


@contextlib.contextmanager
def read_only(home: Path, processes: set[int]) -> Iterator[None]:
    """Make the home's disk read-only for everybody, and for the files that some processes hold open, too."""
    subprocess.run(["mount", "--bind", home, home], check=True)
    subprocess.run(["mount", "-o", "remount,bind,ro", home], check=True)
    try:
        with refusing(processes, "EROFS"):
            yield
    finally:
        subprocess.run(["umount", "--lazy", home], check=True)


@contextlib.contextmanager
def refusing(processes: set[int], error: str) -> Iterator[None]:
    """Let every write of running processes at a place in a file fail; what they send over sockets is none."""
    calls = "pwrite64,pwritev,ftruncate,fallocate,fsync,fdatasync"
    named = [word for process in processes for word in ("-p", str(process))]
    strace = subprocess.Popen(
        ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={calls}", f"--inject={calls}:error={error}", *named]
    )
    try:
        _wait_for_tracer(processes)
        yield
    finally:
        strace.terminate()
        strace.wait(30)


def _wait_for_tracer(processes: set[int]) -> None:
    for process in processes:
        while True:
            states = [(task / "status").read_text() for task in Path(f"/proc/{process}/task").iterdir()]
            if not any("TracerPid:\t0\n" in state for state in states):
                break


@contextlib.contextmanager
def locked(home: Path) -> Iterator[None]:
    """Hold the database as another writer does that never ends."""
    connection = sqlite3.connect(home / "carafe.db", isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


@contextlib.contextmanager
def without_database(home: Path) -> Iterator[None]:
    """Take the database's files away, and bring them back."""
    aside = home.parent / "aside"
    aside.mkdir()
    for file in home.glob("carafe.db*"):
        file.rename(aside / file.name)
    try:
        yield
    finally:
        for file in aside.iterdir():
            file.rename(home / file.name)
        aside.rmdir()


@contextlib.contextmanager
def elsewhere(home: Path) -> Iterator[None]:
    """Move the whole home away, and back."""
    away = home.with_name("away")
    home.rename(away)
    try:
        yield
    finally:
        away.rename(home)
