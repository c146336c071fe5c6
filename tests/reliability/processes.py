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


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What some processes hold together."""

    memory: int
    """Bytes of memory that are theirs alone or shared, counted once (the proportional set)."""
    descriptors: int
    """Open files, connections left out, for clients come and go, and the database, whose pools grow to their size."""
    database: int
    """Open files of the database: SQLite keeps those of a connection that was closed for the next one."""
    threads: int

    @classmethod
    def of(cls, processes: Iterable[int]) -> Self:
        """Return what these processes hold now."""
        each = [Path(f"/proc/{process}") for process in processes]
        targets = [target for one in each for target in _targets(one)]
        return cls(
            memory=sum(_proportional(one) for one in each),
            descriptors=sum(not (_DATABASE in target or target.startswith("socket:")) for target in targets),
            database=sum(_DATABASE in target for target in targets),
            threads=sum(len(list((one / "task").iterdir())) for one in each),
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


def _proportional(process: Path) -> int:
    lines = (process / "smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
