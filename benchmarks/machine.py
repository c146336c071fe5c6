"""Which machine this is, and which of its cores the server and the load generator get."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import msgspec


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """What a reader must know of the machine to judge a figure."""

    processor: str
    cores: int
    memory_gb: float
    kernel: str
    python: str
    server_core: int
    load_core: int

    def __str__(self) -> str:
        where = f"server on core {self.server_core}, load generator on core {self.load_core}"
        return (
            f"{self.processor}, {self.cores} cores, {self.memory_gb:.0f} GB, Linux {self.kernel}, "
            f"Python {self.python}; {where}"
        )


def this_machine() -> Machine:
    """Describe this machine; the first core it lets us use is the server's, the last one the load generator's."""
    cores = sorted(os.sched_getaffinity(0))
    return Machine(
        processor=_first("/proc/cpuinfo", "model name", default=platform.machine()),
        cores=len(cores),
        memory_gb=round(int(_first("/proc/meminfo", "MemTotal", default="0 kB").split()[0]) / 1024**2, 1),
        kernel=platform.release(),
        python=platform.python_version(),
        server_core=cores[0],
        load_core=cores[-1],
    )


def load_average() -> float:
    """Return how many processes wanted a core in the last minute: on a quiet machine nearly none."""
    return os.getloadavg()[0]


def _first(path: str, name: str, *, default: str) -> str:
    for line in Path(path).read_text().splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return default
