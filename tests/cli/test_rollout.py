"""``carafe rollout``, as a person or a script would use it."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread

import pytest
from click.testing import CliRunner, Result

from carafe.cli import main
from carafe.monitoring.rollouts import RolloutFollower
from carafe.registry import Action, Registry, Traffic, open_registry
from carafe.settings import Settings
from monitoring.events import finished, served
from sealed import publish_copy


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CARAFE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def registry(home: Path) -> Iterator[Registry]:
    """A registry with two versions of houses, of which the first is champion."""
    found = open_registry(Settings(home=home))
    for _ in range(2):
        publish_copy(found)
    yield found
    found.close()


@contextmanager
def following(registry: Registry, *, slug: str | None = None) -> Iterator[None]:
    """Be a worker that sees many requests of both versions; those of the second end with ``slug``."""
    follower, ended = RolloutFollower(registry.rollouts), Event()
    status = 200 if slug is None else 500

    def serve() -> None:
        while not ended.wait(0.02):
            for _ in range(20):
                follower.observer.finished(finished(served=served(number=1)))
                follower.observer.finished(finished(served=served(number=2), status=status, slug=slug))
            follower.round()

    thread = Thread(target=serve)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def run(*words: str) -> Result:
    return CliRunner().invoke(main, words)


QUICK = ("--steps", "5,100", "--every", "0.01s", "--min-requests", "20")


def test_it_begins_and_follows_to_the_end(registry: Registry) -> None:
    with following(registry):
        result = run("rollout", "houses@2", *QUICK, "--reason", "better")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0] == "rollout 1 of houses@2 on champion has begun: version 1 answers all but 5 %"
    assert lines[-1] == "version 2 answers houses@champion alone"
    assert registry.alias("houses").traffic == Traffic.to(2)
    first = [entry for entry in registry.history("houses").items if entry.action is Action.ROLLOUT][-1]
    assert first.reason == "better"
    assert "@" in first.by


def test_it_exits_with_one_when_the_version_has_not_taken_over(registry: Registry) -> None:
    with following(registry, slug="prediction-failed"):
        result = run("rollout", "houses@2", "--every", "1h")
    assert result.exit_code == 1
    end = result.stdout.splitlines()[-1]
    assert end.startswith("turned-back: version 1 answers again: ")
    shown = run("rollout", "status", "houses").stdout
    assert ", step 1 of 3, 5 %: version 1 answers again: " in shown
    assert shown.count("turned-back") == 1
    assert "(100 %)" in shown
    assert end.endswith("requests of the candidate failed in step 1, at most 1 % may")


def test_it_begins_without_following_is_shown_paused_resumed_and_stopped(registry: Registry) -> None:
    result = run("rollout", "houses@2", "--detach", "--steps", "10%, 100%", "--every", "1.5h", "--max-errors", "2%")
    assert result.exit_code == 0, result.output
    assert result.stdout.endswith("Next: carafe rollout status houses\n")
    shown = json.loads(run("rollout", "status", "houses", "--json").stdout)
    assert shown["plan"] == {
        "steps": [10.0, 100.0],
        "every": 5400.0,
        "min_requests": 100,
        "max_errors": 2.0,
        "max_slower": 2.0,
    }
    assert "running, step 1 of 2, 10 %: watching for another 5,400 s" in run("rollout", "status", "houses").stdout
    assert "stays at 10 %" in run("rollout", "pause", "houses").stdout
    assert "goes on at 10 %" in run("rollout", "resume", "houses@champion").stdout
    stopped = run("rollout", "stop", "houses", "--reason", "enough")
    assert stopped.stdout == "the rollout of houses@2 on champion has ended: houses@champion is version 1 again\n"
    assert registry.history("houses").items[0].reason.startswith("rollout 1 stopped: stopped by ")
    assert "enough" in run("rollout", "status", "houses").stdout
    again = run("rollout", "stop", "houses")
    assert (again.exit_code, "[rollout-conflict]" in again.stderr) == (1, True)


@pytest.mark.parametrize(
    ("words", "code", "complaint"),
    [
        (("houses@2", "--every", "soon"), 2, "no length of time such as 90s, 10m or 1h"),
        (("houses@2", "--every", "0s"), 2, "no time at all"),
        (("houses@2", "--steps", "a,b"), 2, "no list of percentages such as 5,25,100"),
        (("houses@2", "--max-errors", "few"), 2, "no percentage such as 1%"),
        (("houses@2", "--steps", "5,50"), 1, "[invalid-rollout]"),
        (("houses",), 2, "say houses@3"),
        (("start", "houses@2"), 2, "there is no command 'start': `carafe rollout houses@2` begins a rollout"),
        (("houses@1",), 1, "[invalid-rollout]"),
        (("houses@9",), 1, "[version-not-found]"),
        (("status", "houses"), 1, "[rollout-not-found]"),
        (("status", "houses@2"), 1, "[invalid-name]"),
        (("stop", "flats"), 1, "[model-not-found]"),
    ],
)
def test_what_can_not_be_done_is_said(registry: Registry, words: tuple[str, ...], code: int, complaint: str) -> None:
    result = run("rollout", *words)
    assert (result.exit_code, result.stdout) == (code, "")
    assert complaint in result.stderr
    assert registry.rollouts.active() == ()


def test_one_begins_and_stops_only_where_the_alias_is_what_was_seen(registry: Registry) -> None:
    seen = registry.alias("houses").revision
    refused = run("rollout", "houses@2", "--detach", "--if-revision", str(seen + 100))
    assert (refused.exit_code, "[alias-changed]" in refused.stderr) == (1, True)
    assert run("rollout", "houses@2", "--detach", "--if-revision", str(seen)).exit_code == 0
    late = run("rollout", "stop", "houses", "--if-revision", str(seen))
    assert (late.exit_code, "[alias-changed]" in late.stderr) == (1, True)
    assert len(registry.rollouts.active()) == 1
    now = str(registry.alias("houses").revision)
    assert run("rollout", "stop", "houses", "--if-revision", now).exit_code == 0


def test_options_may_stand_before_the_version(registry: Registry) -> None:
    result = run("rollout", "--alias", "champion", "houses@2", "--detach")
    assert (result.exit_code, len(registry.rollouts.active())) == (0, 1), result.output


def test_ctrl_c_ends_the_command_and_not_the_rollout(registry: Registry, home: Path) -> None:
    """On a terminal it draws; what it says last names the commands that go on."""
    registry.rollouts.begin("houses", 2)
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "carafe", "rollout", "status", "houses", "--follow"]
    process = subprocess.Popen(command, stdout=follower, stderr=follower, env=os.environ | {"CARAFE_HOME": str(home)})
    os.close(follower)
    seen = b""
    until = time.monotonic() + 60
    while b"watching for another" not in seen and time.monotonic() < until:
        seen += os.read(leader, 65536)
    process.send_signal(signal.SIGINT)
    with suppress(OSError):  # what a terminal tells when its other end has closed
        while True:
            seen += os.read(leader, 65536)
    assert process.wait(30) == 130
    assert "carafe rollout stop houses@champion" in seen.decode()
    assert len(registry.rollouts.active()) == 1
