"""Requests as they come from the world: so many a second, whether those before were answered or not."""

from __future__ import annotations

import asyncio
import http.client
import time
from collections import Counter
from dataclasses import dataclass, field
from threading import Event, Thread
from types import TracebackType
from typing import Self

CLIENTS = 400
"""How many requests are under way at most; a process may have some more files open."""


@dataclass(frozen=True)
class Outcome:
    """What came of a request; status 0 where nothing came."""

    status: int
    seconds: float
    retry: bool
    """Whether the answer said when to ask again."""


@dataclass
class Seen:
    """What came of a flood."""

    outcomes: list[Outcome]
    seconds: float

    @property
    def statuses(self) -> Counter[int]:
        """How many had which status."""
        return Counter(one.status for one in self.outcomes)

    @property
    def useful(self) -> float:
        """How many were answered with 200 a second."""
        return self.statuses[200] / self.seconds

    def percentile(self, share: float, status: int) -> float:
        """Return within how many seconds such a share of the answers of a status came; 0 where there were none."""
        times = sorted(one.seconds for one in self.outcomes if one.status == status)
        return times[min(len(times) - 1, int(share * len(times)))] if times else 0.0


def flood(port: int, path: str, body: bytes, *, rate: float, seconds: float, timeout: str | None = None) -> Seen:
    """Send ``rate`` requests a second, each over an idle keep-alive connection or a new one, and wait for all."""
    return asyncio.run(_Flood(port, _request(path, body, timeout)).open(rate, seconds))


def press(port: int, path: str, body: bytes, *, connections: int, seconds: float) -> Seen:
    """Ask over so many connections, each again as soon as it was answered."""
    return asyncio.run(_Flood(port, _request(path, body, None)).closed(connections, seconds))


def _request(path: str, body: bytes, timeout: str | None) -> bytes:
    more = f"X-Request-Timeout: {timeout}\r\n" if timeout else ""
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    return head.encode() + body


@dataclass
class _Flood:
    port: int
    request: bytes
    idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    clients: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(CLIENTS))

    async def open(self, rate: float, seconds: float) -> Seen:
        began, tasks = time.monotonic(), []
        for number in range(int(rate * seconds)):
            wait = began + number / rate - time.monotonic()
            if wait > 0:
                await asyncio.sleep(wait)
            tasks.append(asyncio.create_task(self._one()))
        sent = time.monotonic() - began
        await asyncio.gather(*tasks)
        return self._end(sent)

    async def closed(self, connections: int, seconds: float) -> Seen:
        began = time.monotonic()

        async def again() -> None:
            while time.monotonic() < began + seconds:
                await self._one()

        await asyncio.gather(*(again() for _ in range(connections)))
        return self._end(time.monotonic() - began)

    def _end(self, seconds: float) -> Seen:
        for _, writer in self.idle:
            writer.close()
        return Seen(self.outcomes, seconds)

    async def _one(self) -> None:
        async with self.clients:
            began = time.monotonic()
            try:
                status, retry = await asyncio.wait_for(self._exchange(), 60)
            except (OSError, EOFError, TimeoutError):
                status, retry = 0, False
        self.outcomes.append(Outcome(status, time.monotonic() - began, retry))

    async def _exchange(self) -> tuple[int, bool]:
        reader, writer = self.idle.pop() if self.idle else await asyncio.open_connection("127.0.0.1", self.port)
        kept = False
        try:
            writer.write(self.request)
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
            await reader.readexactly(length)
            kept = b"connection: close" not in head
        finally:
            if kept:
                self.idle.append((reader, writer))
            else:
                writer.close()
        return int(head.split(b" ", 2)[1]), b"retry-after: " in head


class Probe:
    """Asks for one page over and over from a thread, each time over a new connection, while the block runs."""

    def __init__(self, port: int, path: str = "/health/live", *, pause: float = 0.05) -> None:
        self._port, self._path, self._pause = port, path, pause
        self._over = Event()
        self._thread = Thread(target=self._ask)
        self.seen: list[tuple[float, int, float]] = []
        """When it was asked, what status came (0 for none), and after how many seconds."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()

    @property
    def statuses(self) -> Counter[int]:
        """How many had which status."""
        return Counter(status for _, status, _ in self.seen)

    def within(self, share: float) -> float:
        """Return within how many seconds such a share of the answers came."""
        times = sorted(seconds for _, _, seconds in self.seen)
        return times[min(len(times) - 1, int(share * len(times)))]

    def _ask(self) -> None:
        while not self._over.wait(self._pause):
            began, status = time.monotonic(), 0
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
            try:
                connection.request("GET", self._path)
                status = connection.getresponse().status
            except OSError:
                pass
            finally:
                connection.close()
            self.seen.append((began, status, time.monotonic() - began))
