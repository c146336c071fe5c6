"""A service whose disk is full or read-only, whose database is locked or gone: it answers on, and recovers alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from carafe.access import Role, open_keys
from carafe.settings import Settings
from conftest import skip_or_fail
from reliability import disks
from reliability.report import report
from web.servers import Server, running

pytestmark = [pytest.mark.needs("strace"), pytest.mark.xdist_group("disks")]

Condition = Callable[[Path, Server], AbstractContextManager[None]]

CONDITIONS: dict[str, Condition] = {
    "a full disk": lambda home, _: disks.full(home),
    "a read-only disk": lambda home, server: disks.read_only(home, server.workers),
    "a locked database": lambda home, _: disks.locked(home),
    "a vanished database": lambda home, _: disks.without_database(home),
    "a home that was moved": lambda home, _: disks.elsewhere(home),
}

UNREADABLE = {"a vanished database", "a home that was moved"}
"""Where readiness says that the registry can't be followed; elsewhere it can be read as always."""

MOST_SECONDS = 15
"""Within which a change is refused, however slow the machine."""


@dataclass
class Seen:
    """What came of the requests that were made while something was wrong."""

    answers: Counter[int] = field(default_factory=Counter)
    refusals: Counter[tuple[int, str]] = field(default_factory=Counter)
    slowest: float = 0.0


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Yield a home with three versions, on a small disk of its own."""
    from reliability.prepared import make_home  # noqa: PLC0415 - loads scikit-learn

    if not disks.can_mount():
        skip_or_fail("this account may not mount: a full disk can't be had")
    folder = tmp_path_factory.mktemp("disks")
    with disks.small_disk(folder / "disk", megabytes=6) as disk:
        make_home(disk / "home", export=folder / "houses.carafe")
        yield disk / "home"


@pytest.fixture(scope="module")
def server(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Yield a service of two workers over the home, which samples every row and logs every request."""
    with closing(open_keys(Settings(home=home))) as keys:
        key = keys.create(role=Role.ADMINISTRATOR).text
    told = {"CARAFE_SAMPLE_RATE": "1", "CARAFE_ACCESS_LOG": "1"}
    folder = tmp_path_factory.mktemp("server")
    with running("carafe", folder, home=home, key=key, extra=("--workers", "2"), environ=told) as found:
        promote(found, 1)
        yield found


def promote(server: Server, version: int) -> tuple[int, str]:
    """Point the champion at a version, and return the status and the problem, if any."""
    body = json.dumps({"version": version}).encode()
    status, _, answer = server.ask("PUT", "/models/houses/aliases/champion", body, Content_Type="application/json")
    return status, json.loads(answer).get("type", "").rpartition(":")[2]


def predict(server: Server) -> tuple[int, str]:
    """Ask the champion over a new connection, and return the status and which version answered."""
    body = json.dumps({"größe": 0.5}).encode()
    status, headers, _ = server.ask("POST", "/models/houses/predict", body, Content_Type="application/json")
    return status, headers.get("X-Carafe-Model", "")


def create_key(home: Path) -> tuple[int, str]:
    """Create a key by the command line, and return how that ended."""
    command = [sys.executable, "-m", "carafe", "keys", "create", "--role", "reader"]
    environ = os.environ | {"CARAFE_HOME": str(home)}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


def readiness(server: Server) -> str:
    """Return the state of whichever worker answers."""
    status: str = json.loads(server.ask("GET", "/health/ready")[2])["status"]
    return status


def endure(server: Server, seconds: float) -> Seen:
    """Ask for answers and for changes for a while."""
    seen, until = Seen(), time.monotonic() + seconds
    while time.monotonic() < until:
        seen.answers.update(predict(server)[0] for _ in range(6))
        began = time.monotonic()
        seen.refusals[promote(server, 2)] += 1
        seen.slowest = max(seen.slowest, time.monotonic() - began)
        time.sleep(0.2)
    return seen


def recover(server: Server, version: int) -> None:
    """Wait until every worker answers with a version that is promoted now."""
    until = time.monotonic() + 60
    while promote(server, version)[0] != 200:  # a version that is loaded anew may take its time on a busy machine
        assert time.monotonic() < until, "nothing can be changed"
        time.sleep(0.2)
    while {predict(server) for _ in range(12)} != {(200, f"houses@{version}")}:
        assert time.monotonic() < until, "not every worker follows the registry again"
        time.sleep(0.2)


def try_condition(name: str, home: Path, server: Server, seconds: float) -> Seen:
    """Let something be wrong for a while, and make sure of what is seen then and afterwards."""
    for version in (3, 2, 1):  # each is loaded by then, so that nothing but the change itself can fail
        recover(server, version)
    workers = server.workers
    with CONDITIONS[name](home, server):
        seen = endure(server, seconds)
        assert set(seen.answers) == {200}
        assert (503, "storage-unavailable") in seen.refusals
        assert set(seen.refusals) <= {(503, "storage-unavailable"), (503, "still-loading")}
        assert seen.slowest < MOST_SECONDS
        if name in UNREADABLE:
            assert readiness(server) == "degraded"
        if name not in {"a locked database", "a home that was moved"}:  # it would wait for 30 s, or begin another home
            code, told = create_key(home)
            assert code == 1
            assert told.startswith("carafe: ")
            assert "Traceback" not in told
    recover(server, 3)
    assert create_key(home)[0] == 0
    assert readiness(server) == "ready"
    assert server.workers == workers, "a worker was started anew"
    return seen


@pytest.mark.parametrize("name", ["a full disk", "a locked database", "a vanished database"])
def test_loaded_models_answer_on_and_changes_are_refused(name: str, home: Path, server: Server) -> None:
    try_condition(name, home, server, seconds=3)


@pytest.mark.long
def test_loaded_models_answer_on_whatever_befalls_the_disk(home: Path, server: Server) -> None:
    lines = []
    for name in CONDITIONS:
        seen = try_condition(name, home, server, seconds=10)
        lines.append(
            f"With {name} for 10 s: {seen.answers.total()} predictions by two workers, all answered with 200; "
            f"{seen.refusals.total()} promotions, all refused with 503, the slowest in "
            f"{seen.slowest:.1f} s; afterwards both work again, no process started anew."
        )
    report("22", lines)
