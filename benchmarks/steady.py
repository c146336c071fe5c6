"""A client that asks at a constant rate, whatever the answers do: ``python -m benchmarks.steady < plan``.

Each request is due at a moment that is fixed beforehand, and its latency counts from then: when a server stalls, the
requests that would have been sent meanwhile are counted as late, as their users would count them. (A client that waits
for an answer before it asks again leaves them out, which is called coordinated omission.)
"""

from __future__ import annotations

import gc
import select
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Sequence

import msgspec

from benchmarks.load import Call, LoadFailed
from benchmarks.machine import Machine
from benchmarks.options import HERE

PATIENCE = 5.0
"""Seconds to wait for the last answers."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What to ask, and how fast."""

    port: int
    requests: tuple[str, ...]
    """As they go over the wire, sent in turn."""
    rate: float
    """Requests a second."""
    seconds: float
    connections: int


class Latency(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it."""

    rate: float
    """Requests a second that were asked for."""
    answered: float
    """Requests a second that were answered."""
    p50_ms: float
    p99_ms: float
    worst_ms: float
    late_ms: float
    """The 99th percentile of how late the client itself sent what it could have sent: the figures' own error."""
    errors: int
    """Answers that were not of status 200, connections that broke, and requests that were never answered."""


def steady(call: Call, *, port: int, rate: float, seconds: float, machine: Machine, connections: int = 32) -> Latency:
    """Ask a server ``rate`` times a second from the load generator's core, and return what came of it.

    Raises:
        LoadFailed: when the client fails.
    """
    plan = Plan(port=port, requests=_wire(call), rate=rate, seconds=seconds, connections=connections)
    command = ["taskset", "-c", str(machine.load_core), sys.executable, "-m", "benchmarks.steady"]
    done = subprocess.run(
        command,
        input=msgspec.json.encode(plan),
        cwd=HERE.parent,
        capture_output=True,
        check=False,
        timeout=seconds + 60,
    )
    if done.returncode:
        raise LoadFailed(f"the steady client failed: {done.stderr.decode()[-500:]}")
    return msgspec.json.decode(done.stdout, type=Latency)


def _wire(call: Call) -> tuple[str, ...]:
    head = "".join(f"{name}: {value}\r\n" for name, value in call.headers.items())
    return tuple(
        f"POST {call.path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{head}Content-Length: {len(body.encode())}\r\n\r\n{body}"
        for body in call.bodies
    )


class Client:
    """Connections that each carry one request at a time, and a clock that does not wait for them."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.requests = [request.encode() for request in plan.requests]
        self.total = round(plan.rate * plan.seconds)
        self.sent = self.errors = 0
        self.latencies: list[float] = []
        self.lateness: list[float] = []
        self.due: dict[int, float] = {}
        self.poll = select.epoll()
        self.sockets = {one.fileno(): one for one in (self._connect() for _ in range(plan.connections))}
        self.idle = deque(self.sockets)

    def _connect(self) -> socket.socket:
        made = socket.create_connection(("127.0.0.1", self.plan.port))
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.poll.register(made.fileno(), select.EPOLLIN)
        return made

    def run(self) -> Latency:
        """Ask all, wait for the last answers, and return what came of it."""
        begin = time.perf_counter() + 0.01
        end = begin + self.plan.seconds + PATIENCE
        waiting = True
        while (self.sent < self.total or self.due) and self.sockets and time.perf_counter() < end:
            waiting = self._send(begin, free=waiting)
            for descriptor, _ in self.poll.poll(0):
                self._receive(descriptor)
        told = self._told(time.perf_counter() - begin)
        self.poll.close()
        for connection in self.sockets.values():
            connection.close()
        return told

    def _send(self, begin: float, *, free: bool) -> bool:
        """Send what is due while a connection is idle; return whether one still is."""
        interval = 1 / self.plan.rate
        while self.sent < self.total and self.idle:
            due = begin + self.sent * interval
            now = time.perf_counter()
            if due > now:
                return True
            if free:  # else it waited for the server, not for the client
                self.lateness.append(now - due)
            descriptor = self.idle.popleft()
            self.due[descriptor] = due
            self.sockets[descriptor].sendall(self.requests[self.sent % len(self.requests)])
            self.sent += 1
        return bool(self.idle)

    def _receive(self, descriptor: int) -> None:
        """Take one answer, all of which has come, or which breaks off."""
        content = self._answer(self.sockets[descriptor])
        due = self.due.pop(descriptor, None)
        if not content:
            self._drop(descriptor, lost=due is not None)
            return
        if due is not None:
            self.latencies.append(time.perf_counter() - due)
        self.errors += not content.startswith(b"HTTP/1.1 200")
        self.idle.append(descriptor)

    def _answer(self, connection: socket.socket) -> bytes:
        try:
            content = connection.recv(65536)
            while content and not _whole(content):
                more = connection.recv(65536)
                if not more:
                    return b""
                content += more
        except OSError:
            return b""
        return content

    def _drop(self, descriptor: int, *, lost: bool) -> None:
        """Replace a connection that the server ended."""
        self.errors += lost
        self.poll.unregister(descriptor)
        self.sockets.pop(descriptor).close()
        try:
            made = self._connect()
        except OSError:
            return
        self.sockets[made.fileno()] = made
        self.idle.append(made.fileno())

    def _told(self, seconds: float) -> Latency:
        unanswered = len(self.due) + self.total - self.sent
        return Latency(
            rate=self.plan.rate,
            answered=len(self.latencies) / seconds,
            p50_ms=_percentile(self.latencies, 0.5) * 1e3,
            p99_ms=_percentile(self.latencies, 0.99) * 1e3,
            worst_ms=max(self.latencies, default=0.0) * 1e3,
            late_ms=_percentile(self.lateness, 0.99) * 1e3,
            errors=self.errors + unanswered,
        )


def _whole(content: bytes) -> bool:
    head, blank, body = content.partition(b"\r\n\r\n")
    if not blank:
        return False
    _, _, rest = head.lower().partition(b"\r\ncontent-length:")
    return len(body) >= int(rest.partition(b"\r\n")[0] or 0)


def _percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def main() -> None:
    """Read a plan, follow it, and write what came of it."""
    plan = msgspec.json.decode(sys.stdin.buffer.read(), type=Plan)
    gc.disable()  # a pause of the client would be told as one of the server
    sys.stdout.buffer.write(msgspec.json.encode(Client(plan).run()))


if __name__ == "__main__":
    main()
