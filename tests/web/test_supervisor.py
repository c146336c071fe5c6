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
from collections.abc import Iterator

import pytest

from carafe.web.supervisor import LONGEST_PAUSE, pause
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
