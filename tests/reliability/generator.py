"""Keep-alive connections that ask without end and check every answer, from a thread of their own."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

_LENGTH = b"content-length: "
_MODEL = b"x-carafe-model: "


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A request, and what may come back."""

    path: str
    body: bytes
    expected: Mapping[str, bytes] = field(default_factory=dict)
    """The exact body that each version answers with, by what it calls itself in X-Carafe-Model."""
    status: int = 200
    """What must come back; bad input is refused."""


@dataclass(slots=True, eq=False)
class Connection:
    """What one connection asked, and when it was last answered by each version."""

    questions: Sequence[Question]
    last: dict[str, float] = field(default_factory=dict)
    """When the last request was sent that a version answered, by the version, in seconds of the monotonic clock."""
    asked: int = 0


class Generator:
    """Asks over ``connections`` keep-alive connections while the block runs; each asks again once it was answered.

    Args:
        port: where the server listens on this machine.
        key: what it is asked with.
        questions: each connection asks all those of one entry, in turn; entries are dealt out in turn, too.
        connections: how many.
        rate: how many requests a second all connections ask together at most; None for as many as they can.
    """

    def __init__(
        self,
        *,
        port: int,
        key: str,
        questions: Sequence[Sequence[Question]],
        connections: int,
        rate: float | None = None,
    ) -> None:
        self._port, self._key = port, key
        self._pause = 0.0 if rate is None else connections / rate
        self.connections = [Connection(questions[index % len(questions)]) for index in range(connections)]
        self.failures: list[str] = []
        self.statuses: Counter[int] = Counter()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="generator")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        self._thread.join(60)

    @property
    def asked(self) -> int:
        """How many requests were answered so far."""
        return sum(connection.asked for connection in self.connections)

    def moved(self, version: str) -> bool:
        """Tell whether every connection that asks for a version's model was answered by this one last."""
        return all(
            max(connection.last, key=lambda text: connection.last[text], default="") == version
            for connection in self._asking(version)
        )

    def lateness(self, version: str, *, since: float) -> float:
        """Return how many seconds after ``since`` the last request was sent that another version still answered."""
        others = [
            sent for connection in self._asking(version) for text, sent in connection.last.items() if text != version
        ]
        return max([0.0, *(sent - since for sent in others)])

    def _asking(self, version: str) -> list[Connection]:
        return [one for one in self.connections if any(version in each.expected for each in one.questions)]

    async def _run(self) -> None:
        await asyncio.gather(*(self._ask_on(connection) for connection in self.connections))

    async def _ask_on(self, connection: Connection) -> None:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            try:
                while not self._stopped.is_set():
                    for question in connection.questions:
                        began = time.monotonic()
                        await self._ask(connection, question, reader, writer)
                        if self._pause:
                            await asyncio.sleep(max(0.0, began + self._pause - time.monotonic()))
            finally:
                writer.close()
        except (OSError, EOFError, ValueError) as error:
            self.failures.append(f"{type(error).__name__}: {error}")

    async def _ask(
        self, connection: Connection, question: Question, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        sent = time.monotonic()
        writer.write(
            f"POST {question.path} HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {self._key}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(question.body)}\r\n\r\n".encode()
            + question.body
        )
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60)
        body = await reader.readexactly(int(_header(head, _LENGTH)))
        status, version = int(head[9:12]), _header(head, _MODEL).decode()
        connection.asked += 1
        self.statuses[status] += 1
        if status != question.status:
            self.failures.append(f"{status}, expected {question.status}: {body[:300]!r}")
        elif status == 200:
            connection.last[version] = sent
            if body != question.expected.get(version):
                self.failures.append(f"{version} answered {body!r}, expected {question.expected.get(version)!r}")


def _header(head: bytes, name: bytes) -> bytes:
    """Return a header's value; empty where there is none."""
    _, found, rest = head.lower().partition(b"\r\n" + name)
    return rest.partition(b"\r\n")[0] if found else b""
