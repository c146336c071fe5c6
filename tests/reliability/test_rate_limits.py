"""Requirement 23: a limit is true over all workers together, and a restart forgives nothing."""

from __future__ import annotations

import http.client
import json
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from carafe.access import Rate, Role, open_keys
from carafe.registry import open_registry
from carafe.settings import Settings
from reliability.report import report
from sealed import publish_really
from web.servers import Server, running

pytestmark = pytest.mark.xdist_group("load")

WORKERS = 3
ASKING = 9


@dataclass(frozen=True)
class Seen:
    """What clients that never stopped asking got."""

    passed: int
    refused: int
    others: int
    seconds: float


@pytest.fixture
def home(tmp_path: Path) -> Path:
    settings = Settings(home=tmp_path / "home")
    registry = open_registry(settings)
    publish_really(registry, "line")
    registry.close()
    return settings.home


def key_with(home: Path, rate: Rate) -> str:
    keys = open_keys(Settings(home=home))
    text = keys.create(role=Role.PREDICTOR, rate=rate).text
    keys.close()
    return text


def hammer(server: Server, key: str, *, seconds: float) -> Seen:
    """Ask over several connections, which several workers have, as fast as it goes."""
    statuses: list[int] = []
    began = time.monotonic()

    def ask() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        while time.monotonic() < began + seconds:
            connection.request("POST", "/models/line/predict", b"[1]", {"X-API-Key": key})
            response = connection.getresponse()
            response.read()
            statuses.append(response.status)
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(ASKING)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lasted = time.monotonic() - began
    passed, refused = statuses.count(200), statuses.count(429)
    return Seen(passed=passed, refused=refused, others=len(statuses) - passed - refused, seconds=lasted)


def measured(home: Path, folder: Path, rate: Rate, *, seconds: float) -> Seen:
    with running("carafe", folder, home=home, extra=("--workers", str(WORKERS))) as server:
        return hammer(server, key_with(home, rate), seconds=seconds)


def test_over_all_workers_together_no_more_than_the_limit_passes_and_hardly_less(home: Path, tmp_path: Path) -> None:
    seen = measured(home, tmp_path, Rate(requests=60, seconds=1), seconds=4.5)
    assert seen.refused > 0
    assert seen.others == 0
    assert 0.8 * 60 * int(seen.seconds) <= seen.passed <= 1.05 * 60 * seen.seconds  # a busy machine may stand still


def test_a_restart_forgives_nothing(home: Path, tmp_path: Path) -> None:
    key = key_with(home, Rate(requests=40, seconds=3600))
    statuses: list[int] = []
    for _ in range(2):
        with running("carafe", tmp_path, home=home, key=key, extra=("--workers", str(WORKERS))) as server:
            statuses += [server.ask("POST", "/models/line/predict", b"[1]")[0] for _ in range(30)]
            _, headers, body = server.ask("POST", "/models/line/predict", b"[1]")
            assert server.end() == 0
    assert statuses == [200] * 30 + [200] * 9 + [429] * 21
    assert json.loads(body)["type"].endswith("rate-limited")
    assert int(headers["Retry-After"] or 0) > 3000


@pytest.mark.long
@pytest.mark.parametrize("rate", [Rate(requests=20, seconds=1), Rate(requests=500, seconds=1)], ids=str)
def test_over_half_a_minute_a_limit_is_true_within_a_twentieth(home: Path, tmp_path: Path, rate: Rate) -> None:
    seen = measured(home, tmp_path, rate, seconds=30.5)
    due = rate.requests / rate.seconds * seen.seconds
    share = seen.passed / due
    SEEN.append(
        f"{rate} over {WORKERS} workers, {ASKING} connections that never stop asking, {seen.seconds:.1f} s: "
        f"{seen.passed:,} passed, {100 * share:.1f} % of {due:,.0f} (allowed: 95 to 105 %); "
        f"{seen.refused:,} answered 429, {seen.others} anything else."
    )
    report("23", SEEN)
    assert seen.others == 0
    assert 0.95 <= share <= 1.05


SEEN: list[str] = []
"""What the long forms saw so far."""
