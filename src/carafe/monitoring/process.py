"""Processes: which one this is, which of others still run, and what they use of the machine."""

from __future__ import annotations

import os
from pathlib import Path

from carafe.monitoring import figures
from carafe.monitoring.snapshot import Snapshot

_PROCESSES = Path("/proc")
_BEGAN = 19  # the field of /proc/<pid>/stat, counted behind the command's name, that says when it was started


def identity(pid: int | None = None) -> str:
    """Return what tells a running process from every other, earlier ones of the same number included.

    It is the number and, where the system tells it, the moment at which it was started; empty where it runs no more.
    """
    pid = os.getpid() if pid is None else pid
    if not (_PROCESSES / "self" / "stat").exists():
        return _told_by_signal(pid)
    try:
        stat = (_PROCESSES / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] in {"Z", "X"} else f"{pid}-{fields[_BEGAN]}"


def runs(worker: str) -> bool:
    """Tell whether the process of this identity still runs."""
    pid = worker.partition("-")[0]
    return pid.isdigit() and identity(int(pid)) == worker


def _told_by_signal(pid: int) -> str:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        pass
    return str(pid)


def add_use(snapshot: Snapshot) -> None:
    """Add what this process uses: processor time, memory, file descriptors; nothing where the system does not tell."""
    # slow to import, and not needed to answer requests
    from prometheus_client.process_collector import ProcessCollector  # noqa: PLC0415

    told = {
        sample.name: sample.value for metric in ProcessCollector(registry=None).collect() for sample in metric.samples
    }
    for figure in (figures.RESIDENT, figures.VIRTUAL, figures.OPEN_FILES, figures.MOST_FILES, figures.STARTED):
        if figure.name in told:
            snapshot.gauge(figure, (), told[figure.name])
    if figures.CPU.name in told:
        snapshot.count(figures.CPU, (), told[figures.CPU.name])
