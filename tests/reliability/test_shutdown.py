"""What has begun is finished; a worker that is killed costs at most what it was doing. Hardening 20."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from reliability.flood import Probe, press
from reliability.flood_process import Outcome
from reliability.processes import connections
from reliability.report import report
from reliability.stand import ROW, Stand, standing
from web.servers import Server

pytestmark = pytest.mark.xdist_group("overload")

PATH = "/models/{}/predict"


def until(true: Callable[[], bool], *, seconds: float = 60) -> float:
    """Wait for something to be true, and return how long that took."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() < began + seconds
        time.sleep(0.02)
    return time.monotonic() - began


def asked(server: Server, rule: str, rows: int) -> tuple[threading.Thread, list[int]]:
    """Ask for so many rows from a thread; the status is appended when it comes."""
    statuses: list[int] = []
    body = b"[" + b",".join([ROW] * rows) + b"]"
    thread = threading.Thread(target=lambda: statuses.append(server.ask("POST", PATH.format(rule), body)[0]))
    thread.start()
    return thread, statuses


def drained(stand: Stand) -> tuple[float, float]:
    """End a server with a request of two seconds under way; return when it was not ready, and when it had ended."""
    server = stand.server
    server.ask("POST", PATH.format("sleeping"), ROW)
    time.sleep(0.5)  # the other worker may still be measuring it
    before = stand.calls("sleeping")
    thread, statuses = asked(server, "sleeping", 100)
    until(lambda: stand.calls("sleeping") > before)
    began = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    until(lambda: server.ask("GET", "/health/ready")[0] == 503)
    unready = time.monotonic() - began
    status, headers, body = server.ask("POST", PATH.format("sleeping"), ROW)
    assert (status, headers["Connection"]) == (200, "close"), body
    assert b'"draining"' in server.ask("GET", "/health/ready")[2]
    assert server.ask("GET", "/health/live")[0] == 200
    assert server.process.wait(60) == 0
    ended = time.monotonic() - began
    thread.join()
    assert statuses == [200]
    assert "Killing" not in server.said
    assert "killed" not in server.said
    return unready, ended


def test_at_sigterm_a_server_says_so_answers_on_and_finishes_what_it_has_begun(tmp_path: Path) -> None:
    with standing(tmp_path, "sleeping", extra=("--workers", "2"), CARAFE_DRAIN_SECONDS="2") as stand:
        unready, ended = drained(stand)
    assert unready < 3
    assert ended < 30


def test_a_second_sigterm_and_ctrl_c_end_a_server_at_once(tmp_path: Path) -> None:
    for name, number in (("twice", signal.SIGTERM), ("ctrl-c", signal.SIGINT)):
        with standing(tmp_path / name, "quick", CARAFE_DRAIN_SECONDS="3600") as stand:
            server = stand.server
            if number == signal.SIGTERM:
                server.process.send_signal(signal.SIGTERM)
                until(lambda: b'"draining"' in server.ask("GET", "/health/ready")[2])  # noqa: B023 - within this turn
            server.process.send_signal(number)
            assert server.process.wait(60) == 0


def test_when_the_parent_is_killed_its_workers_end_and_the_port_is_free(tmp_path: Path) -> None:
    with standing(tmp_path, "quick", extra=("--workers", "2")) as stand:
        workers = stand.server.workers
        stand.server.process.kill()
        stand.server.process.wait()
        until(lambda: not any(Path(f"/proc/{worker}").exists() for worker in workers))
        with socket.socket() as again:
            again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            again.bind(("127.0.0.1", stand.server.port))


@dataclass(frozen=True)
class Loss:
    """What the death of one of two workers cost."""

    failed: list[Outcome]
    connections: int
    """How many it had when it died; a request at most was under way on each."""
    away: float
    """How many seconds later its successor was there."""


def killed(stand: Stand, *, seconds: float) -> Loss:
    """Kill one of two workers under 16 connections that ask without pause."""
    server = stand.server
    outcomes: list[Outcome] = []
    load = threading.Thread(
        target=lambda: outcomes.extend(
            press(server.port, PATH.format("quick"), ROW, connections=16, seconds=seconds).outcomes
        )
    )
    load.start()
    until(lambda: connections(server.workers, server.port).total() == 16)
    time.sleep(0.3)
    victim = min(server.workers)
    os.kill(victim, signal.SIGSTOP)
    until(lambda: stopped(victim))
    taken = connections([victim], server.port)[victim]
    os.kill(victim, signal.SIGKILL)
    away = until(lambda: len(server.workers - {victim}) == 2)
    load.join()
    assert outcomes, "nothing was asked"
    return Loss([one for one in outcomes if one.status != 200], taken, away)


def test_a_worker_that_is_killed_costs_its_own_requests_and_no_others(tmp_path: Path) -> None:
    with standing(tmp_path, "quick", extra=("--workers", "2")) as stand:
        loss = killed(stand, seconds=4)
        assert 0 < loss.connections < 16, "both workers are to have some"
        assert len(loss.failed) <= loss.connections
        assert {one.status for one in loss.failed} <= {0}
        assert stand.server.ask("GET", "/health/ready")[0] == 200


def test_connections_that_wait_for_a_worker_survive_it(tmp_path: Path) -> None:
    with standing(tmp_path, "quick") as stand:
        (worker,) = stand.server.workers
        os.kill(worker, signal.SIGSTOP)
        until(lambda: stopped(worker))  # not one of its threads takes a connection any more
        waiting = []
        for _ in range(20):
            one = socket.create_connection(("127.0.0.1", stand.server.port), timeout=60)
            one.sendall(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
            waiting.append(one)
        os.kill(worker, signal.SIGKILL)
        for one in waiting:
            assert one.recv(12) == b"HTTP/1.1 200"
            one.close()


def stopped(process: int) -> bool:
    """Tell whether every thread of a process stands still by a signal."""
    states = [(task / "stat").read_text().rpartition(") ")[2][0] for task in Path(f"/proc/{process}/task").iterdir()]
    return set(states) == {"T"}


@pytest.mark.long
def test_shutdown_and_lost_workers_in_figures(tmp_path: Path) -> None:
    lines = []
    with standing(tmp_path / "drain", "sleeping", extra=("--workers", "2")) as stand:
        pass  # starts and ends once without figures, so that all is in the system's cache
    with standing(tmp_path / "term", "sleeping", extra=("--workers", "2"), CARAFE_DRAIN_SECONDS="5") as stand:
        unready, ended = drained(stand)
    lines.append(
        f"SIGTERM with two workers and a request of 2 s under way: `/health/ready` 503 after {1000 * unready:.0f} ms "
        f"(1,000), answered on for 5 s, the request finished, exit 0 after {ended:.1f} s (30)."
    )
    assert unready < 1
    assert ended < 30
    losses = []
    with standing(tmp_path / "kill", "quick", extra=("--workers", "2")) as stand:
        for _ in range(5):
            time.sleep(11)  # a worker that had not been up for ten seconds would be waited for a little before the next
            losses.append(killed(stand, seconds=4))
    longest = max(loss.away for loss in losses)
    each = ", ".join(f"{len(loss.failed)} of {loss.connections}" for loss in losses)
    lines.append(
        f"One of two workers killed under 16 connections, five times: lost were {each} requests that may have been "
        f"under way on its own connections, and none of the other's; the next worker was there after {longest:.2f} s "
        "at most (5)."
    )
    with standing(tmp_path / "stop", "quick", extra=("--workers", "1")) as stand:
        (worker,) = stand.server.workers
        os.kill(worker, signal.SIGSTOP)
        stuck = until(lambda: worker not in stand.server.workers and bool(stand.server.workers), seconds=90)
        with Probe(stand.server.port) as health:
            time.sleep(3)
        assert health.statuses[200] > 0
    lines.append(f"A worker that stood still was killed and replaced after {stuck:.0f} s.")
    report("20", lines)
    assert all(len(loss.failed) <= loss.connections for loss in losses)
    assert longest < 5
