"""A sampled access log: one line of JSON a request, whatever the client wrote."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from random import random

import msgspec

from carafe.serving import Finished, Observer

MOST_WAITING = 10_000
"""How many requests wait to be written; more are dropped, and counted."""

MOST_TEXT = 200
"""At how many characters a text that a client wrote is cut."""

WRITTEN, DROPPED = "written", "dropped"


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the log."""

    time: datetime
    request_id: str
    method: str
    route: str | None
    path: str
    """Without the query, which may hold anything."""
    status: int
    seconds: float
    problem: str | None
    """The slug of what went wrong."""
    model: str | None
    version: int | None
    protocol: str
    rows: int
    unseen: int
    key: str | None
    """The key's identifier; the key itself is nowhere."""
    peer: str


class AccessLog(Observer):
    """Writes a line for some requests, and for every one that failed inside the server.

    Args:
        rate: which share of the requests is chosen, between 0 and 1.
        count: told how many lines were WRITTEN or DROPPED.
        write: writes whole lines; standard error if not given.
        wake: called when much waits to be written, or something failed.
    """

    def __init__(
        self,
        *,
        rate: float,
        count: Callable[[str, int], None],
        write: Callable[[bytes], object] | None = None,
        wake: Callable[[], object] = lambda: None,
    ) -> None:
        self._rate = rate
        self._count = count
        self._write = write or _to_standard_error
        self._wake = wake
        self._waiting: deque[tuple[float, Finished]] = deque()

    def finished(self, event: Finished) -> None:
        """Keep a request that is chosen until it is written."""
        if random() >= self._rate and event.status < 500:  # noqa: S311 - nothing secret
            return
        if len(self._waiting) >= MOST_WAITING:
            self._count(DROPPED, 1)
            return
        self._waiting.append((time.time(), event))
        if len(self._waiting) == MOST_WAITING // 2:
            self._wake()

    def round(self) -> None:
        """Write what waits.

        Raises:
            OSError: when it can't be written; what waited is dropped.
        """
        lines = []
        while self._waiting:
            lines.append(encode_line(*self._waiting.popleft()))
        if not lines:
            return
        try:
            self._write(b"".join(lines))
        except OSError:
            self._count(DROPPED, len(lines))
            raise
        self._count(WRITTEN, len(lines))


_encode = msgspec.json.Encoder().encode


def encode_line(when: float, event: Finished) -> bytes:
    """Return the line of a request: JSON of ASCII characters alone, and a line feed."""
    served = event.served
    line = Line(
        time=datetime.fromtimestamp(when, UTC),
        request_id=_plain(event.request_id),
        method=_plain(event.method),
        route=event.route,
        path=_plain(event.path),
        status=event.status,
        seconds=round(event.seconds, 7),
        problem=event.slug,
        model=None if served is None else served.name,
        version=None if served is None else served.number,
        protocol=event.protocol,
        rows=event.rows,
        unseen=event.unseen,
        key=event.key or None,
        peer=_plain(event.peer),
    )
    return _encode(line) + b"\n"


def _plain(text: str) -> str:
    """Return printable ASCII: whatever else a client wrote is escaped, for terminals and line splitters obey it."""
    text = text[:MOST_TEXT]
    return text if text.isascii() and text.isprintable() else text.encode("unicode_escape").decode("ascii")


def _to_standard_error(lines: bytes) -> None:
    rest = memoryview(lines)
    while rest:
        rest = rest[os.write(2, rest) :]
