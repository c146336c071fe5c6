"""Rollouts of real servers: nothing fails while a version takes over, and no process is needed for it in particular."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPException
from pathlib import Path
from threading import Event, Thread

import pytest

from carafe.access import ensure_administrator_key, open_keys
from carafe.registry import Action, HistoryQuery, Plan, Registry, State, Traffic
from carafe.settings import Settings
from reliability.generator import Generator
from reliability.slopes import COMPILED, Home, publish_slope, questions
from web.servers import Server, running

pytestmark = pytest.mark.xdist_group("rollouts")

CONNECTIONS = 8


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Return a home with two versions of one model."""
    path = tmp_path / "home"
    with closing(open_keys(Settings(home=path))) as keys:
        made = Home(path=path, key=ensure_administrator_key(keys) or "")
    with made.registry() as registry:
        for slope in (1, 2):
            publish_slope(registry, COMPILED, slope=slope)
    return made


@pytest.fixture
def registry(home: Home) -> Iterator[Registry]:
    with home.registry() as opened:
        yield opened


def wait_for(registry: Registry, *states: State, step: int = 0, seconds: float = 60) -> None:
    """Wait until the model's rollout is in one of the states, at this step or a later one."""
    until = time.monotonic() + seconds
    while True:
        found = registry.rollouts.latest(COMPILED)
        if found.rollout.state in states and found.rollout.step >= step:
            return
        assert time.monotonic() < until, found
        time.sleep(0.05)


def steps(registry: Registry) -> list[str]:
    """Return what the alias pointed at, by every turn of a rollout, the first one first."""
    entries = registry.history(COMPILED, HistoryQuery(alias="champion")).items[::-1]
    return [str(entry.after) for entry in entries if entry.action in {Action.ROLLOUT, Action.ROLLBACK}]


def test_a_version_takes_over_under_load_without_a_failed_request_and_a_damaged_one_does_not(
    home: Home, registry: Registry, tmp_path: Path
) -> None:
    with running("carafe", tmp_path, home=home.path, key=home.key, extra=("--workers", "2")) as server:
        asked = [questions(server, COMPILED)]
        with Generator(
            port=server.port, key=server.key, questions=asked, connections=CONNECTIONS, rate=400
        ) as generator:
            order = {"version": 2, "steps": [5, 25, 100], "every": 1, "min_requests": 20, "max_slower": None}
            path = f"/models/{COMPILED}/aliases/champion/rollout"
            status, _, told = server.ask("POST", path, json.dumps(order).encode(), Content_Type="application/json")
            assert status == 201, told
            wait_for(registry, State.DONE)
            damaged = publish_slope(registry, COMPILED, slope=3)
            _damage(home, damaged.artefact)
            registry.rollouts.begin(COMPILED, 3, plan=Plan(every=3600), force=True)
            wait_for(registry, State.TURNED_BACK)
    assert generator.failures == []
    assert set(generator.statuses) == {200}
    shares = ["version 1 95 %, version 2 5 %", "version 1 75 %, version 2 25 %", "version 2"]
    assert steps(registry) == [*shares, "version 2 95 %, version 3 5 %", "version 2"]
    (before, after) = registry.rollouts.past(COMPILED).items[::-1]
    assert (before.state, after.state) == (State.DONE, State.TURNED_BACK)
    assert "corrupt-artefact" in after.outcome
    assert registry.alias(COMPILED).traffic == Traffic.to(2)


def test_servers_that_are_killed_and_started_go_on_with_a_rollout_and_take_each_step_once(
    home: Home, registry: Registry, tmp_path: Path
) -> None:
    folders = [tmp_path / name for name in ("one", "two", "three")]
    for folder in folders:
        folder.mkdir()
    plan = Plan(steps=(10.0, 50.0, 100.0), every=1.0, min_requests=20, max_slower=None, max_errors=100.0)
    with (
        running("carafe", folders[0], home=home.path, key=home.key, extra=("--workers", "2")) as first,
        running("carafe", folders[1], home=home.path, key=home.key, extra=("--workers", "1")) as second,
        asking(first),
        asking(second),
    ):
        registry.rollouts.begin(COMPILED, 2, plan=plan)
        os.kill(min(first.workers), signal.SIGKILL)
        wait_for(registry, State.RUNNING, step=1)
    stood = registry.rollouts.latest(COMPILED).rollout
    time.sleep(1)  # nobody serves: nobody decides, and no time passes
    assert registry.rollouts.latest(COMPILED).rollout == stood
    assert stood.state is State.RUNNING
    with running("carafe", folders[2], home=home.path, key=home.key, extra=("--workers", "2")) as third, asking(third):
        wait_for(registry, State.DONE)
    found = registry.rollouts.latest(COMPILED)
    assert steps(registry) == ["version 1 90 %, version 2 10 %", "version 1 50 %, version 2 50 %", "version 2"]
    assert found.figures[0].workers >= 2


@contextmanager
def asking(server: Server) -> Iterator[None]:
    """Ask a server while the block runs, whatever becomes of it."""
    ended = Event()

    def ask() -> None:
        while not ended.is_set():
            with suppress(OSError, ValueError, HTTPException):
                server.predict(COMPILED, [0.5])

    thread = Thread(target=ask)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _damage(home: Home, artefact: str) -> None:
    folder = home.path / "artefacts" / "kept" / artefact
    for file in folder.iterdir():
        if file.suffix in {".json", ".onnx"} and file.name != "manifest.json":
            file.chmod(0o600)
            file.write_bytes(b"\0" + file.read_bytes()[1:])
