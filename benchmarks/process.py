"""A server in processes of its own, kept to its cores: started, asked, weighed and stopped."""

from __future__ import annotations

import contextlib
import http.client
import json
import math
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from benchmarks.load import Call
from benchmarks.proc import begun, core_ticks, members, proportional_kb, runs

START_SECONDS = 120
STOP_SECONDS = 15
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""On one core, several threads of a library of numbers only get in each other's way; the same for every server."""


class ServerFailed(Exception):
    """Raised when a server does not start, or answers wrongly; says so with the end of its log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running server."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path
    begun: float
    """When its command was started, on the monotonic clock."""

    def exchange(
        self, method: str, path: str, body: str | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[http.client.HTTPResponse, bytes]:
        """Return what it answers over a new connection, and the answer's body.

        Raises:
            OSError, http.client.HTTPException: when nobody answers.
        """
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, dict(headers or {}))
            response = connection.getresponse()
            return response, response.read()
        finally:
            connection.close()

    def ask(self, method: str, path: str, body: str | None = None, headers: Mapping[str, str] | None = None) -> Any:  # noqa: ANN401 - JSON holds anything
        """Return the JSON that it answers; None where that is none.

        Raises:
            ServerFailed: when the status is not 200.
            OSError, http.client.HTTPException: when nobody answers.
        """
        response, content = self.exchange(method, path, body, headers)
        if response.status != 200:
            raise ServerFailed(f"{method} {path}: {response.status} {content[:300]!r}")
        with contextlib.suppress(ValueError):
            return json.loads(content)
        return None

    def wait_for(
        self, method: str, path: str, body: str | None = None, headers: Mapping[str, str] | None = None
    ) -> Any:  # noqa: ANN401 - as ask
        """Return its first answer of status 200; ask until there is one."""
        refusal = "no answer"
        while self.age < START_SECONDS and self.process.poll() is None:
            try:
                return self.ask(method, path, body, headers)
            except (OSError, http.client.HTTPException, ServerFailed) as error:
                refusal = str(error)
            time.sleep(0.01)
        raise ServerFailed(f"it did not start ({refusal}): {self.said}")

    @property
    def age(self) -> float:
        """Seconds since its command was started."""
        return time.monotonic() - self.begun

    @property
    def said(self) -> str:
        """The end of its log."""
        return self.log.read_text(errors="replace").strip()[-1500:]

    @property
    def memory_mb(self) -> float:
        """The memory of all its processes; what they share is counted once (proportional set size)."""
        return self.children_mb + proportional_kb(self.process.pid) / 1024

    @property
    def children_mb(self) -> float:
        """The same without its first process."""
        return sum(proportional_kb(process) for process in members(self.process.pid) - {self.process.pid}) / 1024

    @property
    def core_seconds(self) -> float:
        """The processor time that all its processes have used."""
        return sum(core_ticks(process) for process in members(self.process.pid)) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def running(
    command: Sequence[str], *, port: int, cores: Sequence[int], environ: Mapping[str, str], folder: Path
) -> Iterator[Server]:
    """Start a server on ``cores`` in ``folder``, and stop all its processes afterwards, whatever happens."""
    log = folder / "server.log"
    with log.open("wb") as output:
        begun = time.monotonic()
        pinned = ["taskset", "-c", ",".join(map(str, cores)), *command]
        process = _start(pinned, environ=environ, folder=folder, output=output, error=output)
    try:
        yield Server(process=process, port=port, log=log, begun=begun)
    finally:
        stop(process)


@dataclass(frozen=True, slots=True, kw_only=True)
class Once:
    """A command that ran to its end."""

    seconds: float
    peak_mb: float
    """The most memory that it, or one process that it waited for, had resident."""
    output: bytes


def run_once(command: Sequence[str], *, core: int, environ: Mapping[str, str], folder: Path) -> Once:
    """Run a command on ``core`` in ``folder`` to its end.

    Raises:
        subprocess.CalledProcessError: when it fails.
    """
    took = folder / "took.txt"
    launcher = ["taskset", "-c", str(core), sys.executable, "-S", str(Path(__file__).with_name("once.py")), str(took)]
    with (folder / "output.log").open("w+b") as output, (folder / "error.log").open("w+b") as error:
        process = _start([*launcher, *command], environ=environ, folder=folder, output=output, error=error)
        try:
            code = process.wait()
        finally:
            stop(process)
        output.seek(0)
        error.seek(0)
        if code:
            raise subprocess.CalledProcessError(code, command[:4], stderr=error.read()[-2000:].decode())
        seconds, peak_kb = took.read_text().split()
        return Once(seconds=float(seconds), peak_mb=int(peak_kb) / 1024, output=output.read())


def _start(
    command: Sequence[str], *, environ: Mapping[str, str], folder: Path, output: IO[bytes], error: IO[bytes]
) -> subprocess.Popen[bytes]:
    """Start a command in a session of its own, so that a Ctrl-C is the suite's alone."""
    return subprocess.Popen(
        command,
        env={**os.environ, **ONE_THREAD, **environ},
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=error,
        start_new_session=True,
    )


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a server and everything it has started: politely first."""
    before = {one: begun(one) for one in members(process.pid)}
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(STOP_SECONDS)
    # Those that have left the tree meanwhile, and are still the same processes, and those that have come.
    everyone = {one for one, moment in before.items() if begun(one) == moment} | members(process.pid)
    for one in everyone:
        with contextlib.suppress(ProcessLookupError):
            os.kill(one, signal.SIGKILL)
    process.wait()
    until = time.monotonic() + STOP_SECONDS
    while any(map(runs, everyone)) and time.monotonic() < until:  # what still ends would disturb the next one
        time.sleep(0.01)


def check_answers(server: Server, call: Call, expected: Sequence[object], read: Any) -> None:  # noqa: ANN401 - a function of JSON
    """Ask for every record's prediction and compare it with the trained model's own.

    Raises:
        ServerFailed: at the first answer that is not the model's.
    """
    for body, right in zip(call.bodies, expected, strict=True):
        answer = read(server.ask("POST", call.path, body, call.headers))
        if not same(answer, right):
            raise ServerFailed(f"it answers {answer!r} to {body[:200]}, where the model says {right!r}")


def same(answer: object, right: object) -> bool:
    """Tell whether two labels are equal, or two numbers within single precision."""
    if isinstance(right, float) and isinstance(answer, (int, float)):
        return math.isclose(answer, right, rel_tol=1e-6)
    return answer == right


def free_port() -> int:
    """Return a port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
