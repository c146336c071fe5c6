"""What the kernel tells of processes under /proc (proc(5))."""

from __future__ import annotations

import contextlib
from pathlib import Path


def members(leader: int) -> set[int]:
    """Return the processes that descend from ``leader`` or belong to its session, itself included."""
    parents: dict[int, int] = {}
    found = {leader}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                _, parent, _, session = _stat(int(entry.name))[:4]
                parents[int(entry.name)] = int(parent)
                if int(session) == leader:
                    found.add(int(entry.name))
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found & parents.keys()


def runs(process: int) -> bool:
    """Tell whether a process is there and has not ended, waited for or not."""
    with contextlib.suppress(OSError):
        return _stat(process)[0] not in {"Z", "X"}
    return False


def begun(process: int) -> str:
    """Return when a process began, in clock ticks since the machine did; empty when it has ended."""
    with contextlib.suppress(OSError):
        return _stat(process)[19]
    return ""


def proportional_kb(process: int) -> int:
    """Return the memory of a process, what it shares divided among those who share it; 0 when it has ended."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0


def core_ticks(process: int) -> int:
    """Return the processor time that a process has used, in clock ticks; 0 when it has ended."""
    with contextlib.suppress(OSError):
        user, kernel = _stat(process)[11:13]
        return int(user) + int(kernel)
    return 0


def _stat(process: int) -> list[str]:
    """Return what the kernel tells of a process after its name: state, parent, group, session, ... (proc(5))."""
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()  # a name may hold anything
