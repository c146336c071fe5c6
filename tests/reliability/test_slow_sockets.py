"""Sockets that say little or nothing harm nobody else. Hardening 18."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from reliability.flood import Seen, press
from reliability.processes import Holding
from reliability.report import report
from reliability.stand import ROW, Stand, standing

pytestmark = pytest.mark.xdist_group("overload")

PATH = "/models/quick/predict"
HONEST = 32
MIB = 1024**2
HEAD = f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\n".encode()
SLOW = {
    "headers that never end": HEAD + b"X-Slow: ",
    "a body that never comes": HEAD + b"Content-Length: 100\r\n\r\n[1,",
    "chunks that never end": HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\n[\r\n",
    "an idle connection that was used": b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "an idle connection that was never used": b"",
}


@contextmanager
def slow(port: int, number: int) -> Iterator[list[socket.socket]]:
    """Hold so many sockets open that say no more than the beginnings of SLOW."""
    with ExitStack() as stack:
        held = []
        for index in range(number):
            one = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=30))
            one.sendall(list(SLOW.values())[index % len(SLOW)])
            held.append(one)
        yield held


def ask(stand: Stand, *, seconds: float) -> Seen:
    return press(stand.server.port, PATH, ROW, connections=HONEST, seconds=seconds)


def test_honest_clients_are_answered_beside_sockets_that_say_nothing(tmp_path: Path) -> None:
    with standing(tmp_path, "quick") as stand:
        ask(stand, seconds=0.3)
        with slow(stand.server.port, 150):
            seen = ask(stand, seconds=1)
            assert set(seen.statuses) == {200}
            assert len(seen.outcomes) >= HONEST
        assert set(ask(stand, seconds=0.3).statuses) == {200}


@pytest.mark.long
def test_five_hundred_slow_sockets_cost_thirty_two_honest_clients_nothing(tmp_path: Path) -> None:
    with standing(tmp_path, "quick") as stand:
        ask(stand, seconds=2)
        without, before = ask(stand, seconds=10), Holding.of(stand.server.workers)
        with slow(stand.server.port, 500) as held:
            beside = ask(stand, seconds=10)
            during = Holding.of(stand.server.workers)
            for one in held:  # and a byte more each now and then
                one.sendall(b"1" if one.fileno() % 2 else b"")
            later = ask(stand, seconds=10)
        after = ask(stand, seconds=2)
    for seen in (without, beside, later, after):
        assert set(seen.statuses) == {200}
    times = [1000 * seen.percentile(0.99, 200) for seen in (without, beside, later)]
    story = (
        f"500 sockets, a fifth each of {', '.join(SLOW)}, beside {HONEST} clients that ask one worker without pause: "
        f"{len(beside.outcomes) + len(later.outcomes):,} requests, 100 % answered."
    )
    cost = (
        f"99 % within {times[0]:.1f} ms without them, {times[1]:.1f} and {times[2]:.1f} ms beside them "
        f"({max(times[1:]) / times[0]:.2f} times; allowed: 3)."
    )
    held_by = (
        f"Meanwhile {during.threads + during.pool} threads in place of {before.threads + before.pool}, "
        f"{(during.memory - before.memory) / MIB:.0f} MiB more memory."
    )
    report("18", [story, cost, held_by])
    assert max(times[1:]) <= 3 * times[0]
