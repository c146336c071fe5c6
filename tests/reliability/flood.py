"""Requests as they come from the world: so many a second, whether those before were answered or not."""

from __future__ import annotations

import http.client
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from types import TracebackType
from typing import Self

import msgspec

from reliability import flood_process
from reliability.flood_process import Outcome, Plan, Result


@dataclass(frozen=True)
class Seen:
    """What came of a flood."""

    outcomes: list[Outcome]
    seconds: float
    """For how long requests were sent."""

    @property
    def statuses(self) -> Counter[int]:
        """How many had which status."""
        return Counter(one.status for one in self.outcomes)

    @property
    def rate(self) -> float:
        """How many were sent a second."""
        return len(self.outcomes) / self.seconds

    @property
    def useful(self) -> float:
        """How many were answered with 200 a second, while requests were sent."""
        return sum(one.status == 200 and one.timely for one in self.outcomes) / self.seconds

    def percentile(self, share: float, status: int) -> float:
        """Return within how many seconds such a share of the answers of a status came; 0 where there were none."""
        times = sorted(one.seconds for one in self.outcomes if one.status == status)
        return times[min(len(times) - 1, int(share * len(times)))] if times else 0.0


def flood(port: int, path: str, body: bytes, *, rate: float, seconds: float, timeout: str | None = None) -> Seen:
    """Send ``rate`` requests a second, each over an idle keep-alive connection or a new one, and wait for all.

    At most 400 are under way, so fewer are sent where more than that many wait for their answers.
    """
    return _sent(Plan(port=port, request=_request(path, body, timeout), seconds=seconds, rate=rate))


def press(port: int, path: str, body: bytes, *, connections: int, seconds: float) -> Seen:
    """Ask over so many connections, each again as soon as it was answered."""
    return _sent(Plan(port=port, request=_request(path, body, None), seconds=seconds, connections=connections))


def _sent(plan: Plan) -> Seen:
    """Let a process of its own do it: nothing else that a test does delays it, nor its clock."""
    command = [sys.executable, "-I", str(Path(flood_process.__file__))]
    done = subprocess.run(command, input=msgspec.json.encode(plan), stdout=subprocess.PIPE, check=True)
    result = msgspec.json.decode(done.stdout, type=Result)
    return Seen(result.outcomes, result.seconds)


def _request(path: str, body: bytes, timeout: str | None) -> bytes:
    more = f"X-Request-Timeout: {timeout}\r\n" if timeout else ""
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    return head.encode() + body


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
