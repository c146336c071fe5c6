"""The parent of the workers: what it does when they end."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from threading import Thread

import pytest
from granian.constants import Interfaces

from carafe.web import supervisor
from carafe.web.supervisor import LONGEST_PAUSE, Supervisor, pause
from web.servers import Server, free_port, running

pytestmark = pytest.mark.xdist_group("servers")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("supervisor")
    threads = str(2 * (os.cpu_count() or 1) + 2)
    extra = ("--workers", "1", "--open", "--threads", threads)
    with running("carafe", folder, home=folder / "home", extra=extra) as one:
        yield one


def eventually_lives(server: Server, *, other_than: set[int]) -> set[int]:
    """Return the workers as soon as they are others and one answers."""
    until = time.monotonic() + 30
    while time.monotonic() < until and server.process.poll() is None:
        found = server.workers
        if found and not found & other_than:
            try:
                if server.ask("GET", "/health/live")[0] == 200:
                    return found
            except (OSError, http.client.HTTPException):
                pass
        time.sleep(0.05)
    raise AssertionError(server.said)


def test_the_first_lines_have_no_warning_of_threads(server: Server) -> None:
    assert "blocking" not in server.said
    assert "backpressure" not in server.said


def test_more_connections_than_threads_are_served_while_all_stay_open(server: Server) -> None:
    opened = [socket.create_connection(("127.0.0.1", server.port), timeout=10) for _ in range(40)]
    for connection in opened:
        connection.sendall(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert connection.recv(12) == b"HTTP/1.1 200"
    for connection in opened:
        connection.close()


def test_a_worker_that_is_killed_again_at_once_is_replaced_again_and_the_log_says_so(server: Server) -> None:
    workers = server.workers
    for _ in range(2):
        os.kill(min(workers), signal.SIGKILL)
        workers = eventually_lives(server, other_than=workers)
    assert server.said.count("ended with signal 9") == 2
    assert server.end() == 0


FAILING = """
import os, sys, time
from granian.constants import Interfaces
from carafe.web.supervisor import Supervisor

def load():
    time.sleep(float(sys.argv[2]) * (os.getpid() % 2))  # they end together or one after the other
    sys.exit("can't start")

server = Supervisor("", port=int(sys.argv[1]), interface=Interfaces.WSGI, workers=2, respawn_failed_workers=True)
server.serve(target_loader=load, wrap_loader=False)
"""


@pytest.mark.parametrize("apart", ["0", "0.1"])
def test_workers_that_fail_to_start_end_the_service(apart: str) -> None:
    command = [sys.executable, "-c", FAILING, str(free_port()), apart]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert re.search("worker [12] ended with exit code 1", done.stdout + done.stderr)


@pytest.mark.parametrize(("early", "seconds"), [(0, 0), (1, 0), (2, 0.5), (3, 1), (10_000, LONGEST_PAUSE)])
def test_a_place_stays_empty_for_longer_the_more_often_its_workers_end_early(early: int, seconds: float) -> None:
    assert pause(early) == seconds


@dataclass
class Inner:
    """The process of a worker that is none."""

    exitcode: int | None = None


@dataclass(eq=False)
class Worker:
    """A worker that ends when a test says so."""

    idx: int
    birth: float = field(default_factory=time.monotonic)
    inner: Inner = field(default_factory=Inner)

    def start(self) -> None:
        """Live from the beginning."""

    def is_alive(self) -> bool:
        """Tell whether it has not ended."""
        return self.inner.exitcode is None

    def terminate(self) -> None:
        """End as asked."""
        if self.is_alive():
            self.inner.exitcode = 0

    def join(self, timeout: float | None = None) -> None:
        """Be gone."""
        del timeout


class Alone(Supervisor):
    """A supervisor whose workers are none; Granian's own loop goes round in a thread."""

    def _spawn_worker(self, idx: int, target: Callable[..., object], callback_loader: Callable[[], object]) -> Worker:
        del target, callback_loader
        return Worker(idx)

    def lost(self, *places: int, told: bool = True) -> None:
        """Let the workers in these places be killed; Granian learns of it, or forgets it."""
        for place in places:
            self.wrks[place].inner.exitcode = -9
        if told:
            self.interrupt_children.extend(places)
            self.main_loop_interrupt.set()

    def lives(self, place: int, *, within: float = 10) -> bool:
        """Tell whether a place has a worker soon."""
        until = time.monotonic() + within
        while time.monotonic() < until and not self.wrks[place].is_alive():
            time.sleep(0.01)
        return bool(self.wrks[place].is_alive())


@pytest.fixture
def alone() -> Iterator[Alone]:
    one = Alone("", port=free_port(), interface=Interfaces.WSGI, workers=3, respawn_failed_workers=True)
    one.wrks = [Worker(place) for place in range(3)]
    loop = Thread(target=one._serve_loop, args=(print, print))  # noqa: SLF001 - the loop without the processes
    loop.start()
    yield one
    one.signal_handler_interrupt()
    loop.join(10)
    assert not loop.is_alive()


def test_while_one_place_stays_empty_another_killed_worker_is_replaced(
    alone: Alone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "pause", lambda early: 60.0 if early > 1 else 0.0)
    alone.lost(0)
    assert alone.lives(0)
    alone.lost(0)
    assert not alone.lives(0, within=0.3)
    alone.lost(1)
    assert alone.lives(1)
    assert not alone.lives(0, within=0)


def test_a_place_is_filled_when_its_pause_is_over(alone: Alone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "pause", lambda _: 0.2)
    alone.lost(0, 2)
    assert alone.lives(0)
    assert alone.lives(2)


def test_a_worker_whose_end_was_forgotten_is_replaced_with_the_next_and_not_again_when_it_is_told_late(
    alone: Alone,
) -> None:
    alone.lost(0, told=False)
    alone.lost(1)
    assert alone.lives(0)
    assert alone.lives(1)
    first = alone.wrks[0]
    alone.interrupt_children.append(0)
    alone.main_loop_interrupt.set()
    alone.lost(2)
    assert alone.lives(2)
    assert alone.wrks[0] is first


def test_at_sighup_every_worker_is_replaced(alone: Alone) -> None:
    before, alone.respawn_interval = list(alone.wrks), 0.01
    alone.signal_handler_reload()
    until = time.monotonic() + 10
    while time.monotonic() < until and any(one.is_alive() for one in before):
        time.sleep(0.01)
    assert not any(one.is_alive() for one in before)
    assert all(one.is_alive() for one in alone.wrks)
