"""wrk: N connections that ask again as soon as they are answered, from a core of their own."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import msgspec

from benchmarks.machine import Machine

SCRIPT = Path(__file__).with_name("record.lua")


class LoadFailed(Exception):
    """Raised when the load generator is not there, or ends without figures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """How to ask a server for a prediction: one body a record."""

    path: str
    bodies: list[str]
    headers: dict[str, str]


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What one load measured."""

    requests_per_second: float
    p50_ms: float
    p99_ms: float
    requests: int
    refused: int
    """Answers of a status above 399."""
    broken: int
    """Connections that failed, broke off or timed out."""
    core_us: float = 0.0
    """The processor time of all the server's processes, in microseconds a request: what others on the machine disturb
    the least."""

    @property
    def errors(self) -> int:
        """All that did not get an answer of success."""
        return self.refused + self.broken

    def __str__(self) -> str:
        return (
            f"{self.requests_per_second:8,.0f}/s  p50 {self.p50_ms:7.3f} ms  p99 {self.p99_ms:7.3f} ms"
            f"  core {self.core_us:7.1f} us  {self.errors} errors"
        )


def check_wrk() -> None:
    """Raise LoadFailed when wrk is not installed."""
    if shutil.which("wrk") is None:
        raise LoadFailed("wrk is not on PATH; on Debian or Ubuntu: apt-get install wrk")


def load(call: Call, *, port: int, connections: int, seconds: float, machine: Machine, folder: Path) -> Figures:
    """Ask for ``seconds`` with ``connections`` at once, the records in turn, and return what was measured.

    Raises:
        LoadFailed: when wrk can't be run or the server took no request at all.
    """
    bodies = folder / "bodies.jsonl"
    bodies.write_text("".join(f"{body}\n" for body in call.bodies))
    headers = [part for name, value in call.headers.items() for part in ("-H", f"{name}: {value}")]
    command = [
        *("taskset", "-c", str(machine.load_core)),
        *("wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "10s", *headers),
        *("-s", str(SCRIPT), f"http://127.0.0.1:{port}{call.path}", "--", str(bodies)),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds + 60)
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines or not lines[-1].startswith("{"):
        raise LoadFailed(f"wrk ended with {done.returncode}: {(done.stderr or done.stdout).strip()[-500:]}")
    figures = msgspec.convert(json.loads(lines[-1]), Figures)
    if not figures.requests:
        raise LoadFailed(f"{connections} connections got no answer in {seconds:g} s")
    return figures
