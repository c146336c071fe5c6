"""The steady client counts what a stalling server's users would wait for."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest
from benchmarks.steady import Client, Latency, Plan

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"
REFUSAL = b"HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n"
REQUEST = "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}"


class Server:
    """Answers each connection in a thread of its own; may stall once, or refuse, or hang up."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.socket.getsockname()[1]
        self.answers = self.stall_at = 0
        self.answer = ANSWER
        self.lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            while connection.recv(65536):
                with self.lock:
                    self.answers += 1
                    if self.answers == self.stall_at:
                        time.sleep(0.5)
                if not self.answer:
                    return
                connection.sendall(self.answer)


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.socket.close()


def asked(server: Server, *, rate: float = 100, seconds: float = 1) -> Latency:
    return Client(Plan(port=server.port, requests=(REQUEST,), rate=rate, seconds=seconds, connections=4)).run()


def test_a_stall_is_told_by_every_request_that_was_due_meanwhile(server: Server) -> None:
    server.stall_at = 10
    latency = asked(server)
    assert latency.errors == 0
    assert latency.worst_ms > 400
    # Some fifty requests were due while it stalled; a client that waits would have seen the four on their way.
    assert latency.p99_ms > 300


def test_a_refusal_is_an_error(server: Server) -> None:
    server.answer = REFUSAL
    assert asked(server, seconds=0.2).errors == 20


def test_a_connection_that_breaks_off_is_an_error_and_is_replaced(server: Server) -> None:
    server.answer = b""
    assert asked(server, seconds=0.2).errors == 20
