"""Machines that share a registry: servers with homes of their own, and nginx in front of them, as the guide has it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from carafe.access import ensure_administrator_key, open_keys
from carafe.registry import Promotion, Registry, Version, open_registry
from carafe.settings import Settings
from own_postgres import OwnPostgres
from own_s3 import OwnS3
from sealed import seal_really
from web.servers import Server, free_port

GUIDE = Path(__file__).resolve().parent.parent / "docs" / "guides" / "machines.md"
MODEL = "slopes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What machines share, and a home from which models are published."""

    folder: Path
    database: str
    artifacts: str
    secret: str = field(default_factory=lambda: secrets.token_hex(32))
    key: str = ""

    @property
    def environ(self) -> Mapping[str, str]:
        """The settings that are the same on every machine."""
        return {
            "CARAFE_DATABASE_URL": self.database,
            "CARAFE_ARTIFACTS_URL": self.artifacts,
            "CARAFE_SECRET": self.secret,
        }

    def settings(self, home: str) -> Settings:
        """Return a machine's settings."""
        return Settings(
            home=self.folder / home, database_url=self.database, artifacts_url=self.artifacts, secret=self.secret
        )

    def registry(self) -> closing[Registry]:
        """Return the registry as a machine has it that only publishes."""
        return closing(open_registry(self.settings("publisher")))


def share(folder: Path, postgres: OwnPostgres, s3: OwnS3) -> Shared:
    """Return what machines share, with version n of MODEL, for n up to 2, that answers n times what it is asked."""
    shared = Shared(folder=folder, database=postgres.prepared(), artifacts=s3.fresh())
    with closing(open_keys(shared.settings("publisher"))) as keys:
        key = ensure_administrator_key(keys) or ""
    with shared.registry() as registry:
        for slope in (1, 2):
            publish(registry, slope=slope)
    return Shared(folder=folder, database=shared.database, artifacts=shared.artifacts, secret=shared.secret, key=key)


def publish(registry: Registry, *, slope: float, promote: Promotion = Promotion.FIRST_ONLY) -> Version:
    """Publish a version of MODEL."""
    with registry.staging() as folder:
        seal_really(folder, key=registry.key, slope=slope)
        return registry.publish(name=MODEL, staged=folder, promote=promote)


class Machine(Server):
    """A server on a port that it keeps, in a process group of its own, with a home of its own."""

    def __init__(self, shared: Shared, name: str, *, workers: int = 1) -> None:
        self.home = shared.folder / name
        self._environ = {**os.environ, **shared.environ, "CARAFE_HOME": str(self.home), "CARAFE_DRAIN_SECONDS": "1"}
        self._workers = workers
        port = free_port()
        super().__init__(
            self._begin(port, shared.folder / f"{name}.log"), port, shared.key, shared.folder / f"{name}.log"
        )
        self.wait_until_ready()

    def start(self) -> None:
        """Start it again, and wait until it answers."""
        self.process = self._begin(self.port, self.output)
        self.wait_until_ready()

    def drain(self) -> int:
        """Ask it to end, wait until it has, and return its exit code."""
        return self.end()

    def kill(self) -> None:
        """End all its processes at once, as a machine that loses its power does."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)

    def remove(self) -> None:
        """End what is left of it."""
        with contextlib.suppress(ProcessLookupError):
            self.kill()

    def wait_until_ready(self) -> None:
        """Wait until it answers."""
        until = time.monotonic() + 60
        while time.monotonic() < until and self.process.poll() is None:
            with contextlib.suppress(OSError):
                if self.ask("GET", "/health/ready")[0] == 200:
                    return
            time.sleep(0.05)
        raise AssertionError(f"the server did not start:\n{self.said}")

    def slope(self, ref: str = MODEL) -> float:
        """Return what the model answers to 1."""
        status, _, body = self.ask("POST", f"/models/{ref}/predict", b"[1.0]")
        told: dict[str, Any] = json.loads(body)
        assert status == 200, told
        return float(round(told["prediction"], 6))

    def _begin(self, port: int, output: Path) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "carafe", "serve", "--port", str(port), "--workers", str(self._workers)]
        with output.open("ab") as log:
            return subprocess.Popen(command, env=self._environ, stdout=log, stderr=log, start_new_session=True)


@contextmanager
def machines(shared: Shared, count: int, *, workers: int = 1) -> Iterator[list[Machine]]:
    """Give some machines for the length of a block."""
    started: list[Machine] = []
    try:
        for number in range(count):
            started.append(Machine(shared, f"machine{number}", workers=workers))  # noqa: PERF401 - each to be ended
        yield started
    finally:
        for machine in started:
            machine.remove()


@contextmanager
def nginx(folder: Path, ports: list[int]) -> Iterator[int]:
    """Put nginx with the guide's configuration in front of two ports; give its own."""
    port = free_port()
    found = re.search(r"```nginx\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert found
    site = found[1].replace("listen 80;", f"listen 127.0.0.1:{port};")
    for server, to in zip(("10.0.0.11:8000", "10.0.0.12:8000"), ports, strict=True):
        assert server in site
        site = site.replace(server, f"127.0.0.1:{to}")
    kinds = ("proxy", "client_body", "fastcgi", "uwsgi", "scgi")
    places = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    account = "user root;\n" if os.geteuid() == 0 else ""  # who may look into the test's folder
    configuration = folder / "nginx.conf"
    configuration.write_text(
        f"daemon off;\n{account}worker_processes 2;\npid {folder}/nginx.pid;\nerror_log {folder}/nginx.log;\n"
        "events { worker_connections 512; }\n"
        f"http {{\naccess_log off;\nkeepalive_requests 1000000;\n{places}{site}}}\n"
    )
    process = subprocess.Popen(["/usr/sbin/nginx", "-c", str(configuration), "-e", f"{folder}/nginx.log"])
    try:
        until = time.monotonic() + 30
        while not _listens(port):
            assert process.poll() is None, (folder / "nginx.log").read_text()
            assert time.monotonic() < until
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
