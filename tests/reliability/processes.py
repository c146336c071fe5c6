"""What running processes hold, as Linux tells it."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_ESTABLISHED = "01"
_DATABASE = "/carafe.db"
_POOLED = "tokio-rt-worker"
"""How Linux calls the threads with which the server takes connections and answers requests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What some processes hold together."""

    memory: int
    """Bytes of memory that stand for no file, what they share counted once (the proportional set).

    A library's pages belong to all who have mapped its file, whoever they are, and each one's part of them changes when
    others come and go.
    """
    descriptors: int
    """Open files, connections left out, for clients come and go, and the database, whose pools grow to their size."""
    database: int
    """Open files of the database: SQLite keeps those of a connection that was closed for the next one."""
    threads: int
    """Those that live as long as the process: all but the pool's."""
    pool: int
    """Threads that answer requests: they come with requests, up to a bound, and go when they have had none for some
    seconds, so how many there are at one moment says nothing."""

    @classmethod
    def of(cls, processes: Iterable[int]) -> Self:
        """Return what these processes hold now."""
        each = [Path(f"/proc/{process}") for process in processes]
        targets = [target for one in each for target in _targets(one)]
        pooled = [name == _POOLED for one in each for name in _threads(one)]
        return cls(
            memory=sum(_proportional(one) for one in each),
            descriptors=sum(not (_DATABASE in target or target.startswith("socket:")) for target in targets),
            database=sum(_DATABASE in target for target in targets),
            threads=pooled.count(False),
            pool=pooled.count(True),
        )


def connections(processes: Iterable[int], port: int) -> Counter[int]:
    """Return how many connections of a port each process has taken."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    ours = {
        f"socket:[{line[9]}]"
        for line in lines
        if int(line[1].partition(":")[2], 16) == port and line[3] == _ESTABLISHED
    }
    return Counter({process: len(ours & set(_targets(Path(f"/proc/{process}")))) for process in processes})


def _targets(process: Path) -> list[str]:
    found = []
    for entry in (process / "fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            found.append(str(entry.readlink()))
    return found


def _threads(process: Path) -> list[str]:
    found = []
    for task in (process / "task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # ended meanwhile
            found.append((task / "comm").read_text().strip())
    return found


def _proportional(process: Path) -> int:
    lines = (process / "smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss_Anon:"))
