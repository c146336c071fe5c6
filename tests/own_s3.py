"""An S3-compatible server of the test's own, on a free port: moto's, which keeps everything in memory."""

from __future__ import annotations

import http.client
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count


class OwnS3:
    """A running server, which can be frozen, ended and started again, empty."""

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._numbers = count(1)
        self.start()

    def fresh(self) -> str:
        """Return the URL of a place in a new bucket."""
        name = f"models-{next(self._numbers)}"
        assert self.ask("PUT", f"/{name}") == 200
        return f"s3://{name}/some/where?{self.parameters}"

    @property
    def parameters(self) -> str:
        """How the server is reached, as the URL's parameters."""
        return (
            f"endpoint=http://127.0.0.1:{self.port}&region=us-east-1&access_key_id=test&secret_access_key=s3cr3t-of-s3"
        )

    def ask(self, method: str, path: str, body: bytes | None = None) -> int:
        """Ask as a bucket's owner does, and return the status."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body)
            return connection.getresponse().status
        finally:
            connection.close()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = [sys.executable, "-W", "ignore", "-m", "moto.server", "-p", str(self.port)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 60
        while not self._answers():
            assert time.monotonic() < end
            assert self._process.poll() is None
            time.sleep(0.05)

    def stop(self) -> None:
        """End it; what it kept is lost."""
        self._process.kill()
        self._process.wait(10)

    def freeze(self) -> None:
        """Let it answer nothing, with its connections open."""
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it answer again."""
        self._process.send_signal(signal.SIGCONT)

    def _answers(self) -> bool:
        try:
            return self.ask("GET", "/") == 200
        except OSError:
            return False


@contextmanager
def own_s3() -> Iterator[OwnS3]:
    """Give a server for the length of a block."""
    server = OwnS3()
    try:
        yield server
    finally:
        server.stop()
