"""Real servers in processes of their own, and a plain HTTP client that hides nothing."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

KINDS = ("carafe", "gunicorn", "flask")


@dataclass
class Server:
    """A running server; ``key`` is a valid one."""

    process: subprocess.Popen[bytes]
    port: int
    key: str
    output: Path

    def ask(
        self, method: str, path: str, body: bytes | Iterable[bytes] | None = None, **headers: str
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        """Ask over a new connection; an iterable is sent in chunks."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.exchange(method, path, body, {"X-API-Key": self.key} | named)

    def exchange(
        self, method: str, path: str, body: bytes | Iterable[bytes] | None, sent: dict[str, str]
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        """Ask over a new connection with exactly these headers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body, sent, encode_chunked=not isinstance(body, (bytes, type(None))))
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()

    def predict(self, model: str, record: object) -> Any:  # noqa: ANN401 - JSON holds anything
        """Return the answer of a model to a record."""
        _, _, body = self.ask("POST", f"/models/{model}/predict", json.dumps(record).encode())
        return json.loads(body)

    def end(self) -> int:
        """Ask the server to end, and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    @property
    def workers(self) -> set[int]:
        """The identifiers of the processes that answer."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return {int(child) for child in children if " serve " in _command_line(child)}

    @property
    def said(self) -> str:
        """What the server has written so far."""
        return self.output.read_text()


def _command_line(process: str) -> str:
    """Return how a process was started; empty where it has just ended."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{process}/cmdline").read_text().replace("\0", " ")
    return ""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def command(kind: str, port: int, application: str = "carafe.web:create_app()") -> list[str]:
    """Return the command line with which users start this kind of server; for "script", that of a script like it."""
    if kind == "script":
        return [sys.executable, application, "serve", "--port", str(port)]
    lines = {
        "carafe": ["carafe", "serve", "--port", str(port)],
        "gunicorn": ["gunicorn", application, "--bind", f"127.0.0.1:{port}", "--threads", "4"],
        "flask": ["flask", "--app", "carafe.web:create_app", "run", "--port", str(port)],
    }
    return [sys.executable, "-m", *lines[kind]]


@contextlib.contextmanager
def running(
    kind: str,
    folder: Path,
    *,
    home: Path,
    key: str = "",
    extra: tuple[str, ...] = (),
    application: str = "carafe.web:create_app()",
    environ: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    """Start a server over a home and wait until it answers; end it afterwards."""
    port, output = free_port(), folder / f"{kind}.log"
    environ = (
        os.environ
        | {"CARAFE_HOME": str(home), "CARAFE_MAX_BODY_BYTES": "200000", "CARAFE_DRAIN_SECONDS": "0"}
        | dict(environ or {})
    )
    with output.open("wb") as log:
        process = subprocess.Popen([*command(kind, port, application), *extra], env=environ, stdout=log, stderr=log)
    server = Server(process, port, key, output)
    try:
        _wait_until_ready(server)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def _wait_until_ready(server: Server) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and server.process.poll() is None:
        try:
            if server.ask("GET", "/health/ready")[0] == 200:
                return
        except OSError:
            pass
        time.sleep(0.05)
    raise AssertionError(f"the server did not start:\n{server.said}")
