"""The process that floods: it does as little as it can for each request, so that the server is what is measured.

Reads a Plan from standard input and writes a Result to standard output, both as JSON.
"""

from __future__ import annotations

import asyncio
import sys
import time
from dataclasses import dataclass, field

import msgspec

CLIENTS = 400
"""How many requests are under way at most; a process may have some more files open."""

PATIENCE = 60.0
"""For how many seconds answers are waited for after the end."""

TICK = 0.001


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What to send: ``rate`` requests a second, or over ``connections`` without a pause."""

    port: int
    request: bytes
    seconds: float
    rate: float | None = None
    connections: int = CLIENTS


class Outcome(msgspec.Struct, frozen=True, array_like=True):
    """What came of a request; status 0 where nothing came."""

    status: int
    seconds: float
    retry: bool
    """Whether the answer said when to ask again."""
    timely: bool
    """Whether it came while requests were still being sent."""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What came of all of them, and for how many seconds they were sent."""

    outcomes: list[Outcome]
    seconds: float


@dataclass
class Flood:
    """Clients of one server, and what they were told."""

    plan: Plan
    idle: list[Client] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    under_way: int = 0
    again_until: float = 0.0
    """Until when a connection that was answered asks again by itself."""
    ends: float | None = None
    """When the last request was sent."""

    async def run(self) -> Result:
        """Send everything, and wait for every answer."""
        began = time.monotonic()
        if self.plan.rate is None:
            await self._closed(began + self.plan.seconds)
        else:
            await self._open(began, self.plan.rate)
        self.ends = time.monotonic()
        await self._settled(self.ends + PATIENCE)
        outcomes = self.outcomes + [Outcome(0, PATIENCE, retry=False, timely=False)] * self.under_way
        return Result(outcomes=outcomes, seconds=self.ends - began)

    async def _open(self, began: float, rate: float) -> None:
        """Send what is due; what the limit of clients holds back is sent as soon as it lets it, if that is in time."""
        sent = 0
        while (passed := time.monotonic() - began) < self.plan.seconds:
            due = int(passed * rate) + 1
            while sent < due and self.under_way < self.plan.connections:
                sent += 1
                await self._send()
            await asyncio.sleep(TICK)

    async def _closed(self, until: float) -> None:
        """Ask over each connection again as soon as it was answered."""
        self.again_until = until
        while (now := time.monotonic()) < until:
            while self.under_way < self.plan.connections:  # those at the beginning, and those that were closed
                await self._send()
            await asyncio.sleep(min(0.01, until - now))

    async def _settled(self, latest: float) -> None:
        """Wait until everything was answered, or for long enough."""
        while self.under_way and time.monotonic() < latest:  # noqa: ASYNC110 - nobody tells each answer that late
            await asyncio.sleep(0.01)

    async def _send(self) -> None:
        self.under_way += 1
        if self.idle:
            self.idle.pop().ask()
            return
        try:
            loop = asyncio.get_running_loop()
            _, client = await loop.create_connection(lambda: Client(self), "127.0.0.1", self.plan.port)
        except OSError:
            self.note(0, 0.0, retry=False)
        else:
            client.ask()

    def free(self, client: Client) -> None:
        """Let a connection that was answered ask again, or wait for its next request."""
        if time.monotonic() < self.again_until:
            self.under_way += 1
            client.ask()
        else:
            self.idle.append(client)

    def note(self, status: int, seconds: float, *, retry: bool) -> None:
        """Write down what came of a request."""
        self.under_way -= 1
        self.outcomes.append(Outcome(status, seconds, retry=retry, timely=self.ends is None))


class Client(asyncio.Protocol):
    """A keep-alive connection that asks one thing at a time."""

    def __init__(self, flood: Flood) -> None:
        self._flood = flood
        self._answer = b""
        self._began: float | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what to write to."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def ask(self) -> None:
        """Send the request."""
        self._began = time.monotonic()
        self._transport.write(self._flood.plan.request)

    def data_received(self, data: bytes) -> None:
        """Take in a part of an answer."""
        self._answer += data
        head, ended, body = self._answer.partition(b"\r\n\r\n")
        if not ended:
            return
        head = head.lower() + b"\r\n"
        if len(body) >= int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0]):
            self._answer = b""
            self._conclude(int(head[9:12]), retry=b"retry-after: " in head)
            if b"connection: close" in head:
                self._transport.close()
            else:
                self._flood.free(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's own signature
        """Count what was not answered."""
        if self in self._flood.idle:
            self._flood.idle.remove(self)
        if self._began is not None:
            self._conclude(0, retry=False)

    def _conclude(self, status: int, *, retry: bool) -> None:
        assert self._began is not None
        self._flood.note(status, time.monotonic() - self._began, retry=retry)
        self._began = None


if __name__ == "__main__":
    flood = Flood(msgspec.json.decode(sys.stdin.buffer.read(), type=Plan))
    sys.stdout.buffer.write(msgspec.json.encode(asyncio.run(flood.run())))
