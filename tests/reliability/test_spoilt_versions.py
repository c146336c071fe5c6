"""A version that is corrupt, wrong, too big or slow never replaces a good one, in any of two workers: hardening 19."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from carafe.access import ensure_administrator_key, open_keys
from carafe.registry import Registry, Version, open_registry
from carafe.schema import ModelRef
from carafe.settings import Settings
from reliability.slopes import COMPILED, publish_slope
from reliability.spoilt import publish_big, publish_corrupt, publish_spoilt, slow, wrong
from sealed import untried
from web.servers import Server, running

pytestmark = pytest.mark.xdist_group("spoilt")

LIMITS = {"CARAFE_MAX_LOADED_BYTES": str(1024**2), "CARAFE_LOAD_SECONDS": "1"}
ALL = 16
"""So many answers over new connections come from both workers, but for once in thirty thousand times."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("spoilt")


@pytest.fixture(scope="module")
def registry(folder: Path) -> Iterator[Registry]:
    with closing(open_registry(Settings(home=folder / "home"))) as opened:
        publish_slope(opened, COMPILED, slope=1)
        yield opened


@pytest.fixture(scope="module")
def server(registry: Registry, folder: Path) -> Iterator[Server]:
    assert registry.resolve(ModelRef(name=COMPILED)).number == 1
    with closing(open_keys(Settings(home=folder / "home"))) as keys:
        key = ensure_administrator_key(keys) or ""
    with running("carafe", folder, home=folder / "home", key=key, extra=("--workers", "2"), environ=LIMITS) as started:
        yield started


def readiness(server: Server, *, key: str | None = None) -> Any:  # noqa: ANN401 - JSON holds anything
    status, _, body = server.ask("GET", "/health/ready", X_API_Key=server.key if key is None else key)
    assert status == 200, body
    return json.loads(body)


def answering(server: Server) -> str:
    """Return which version answers, and check that it answers as it should."""
    status, sent, body = server.ask("POST", f"/models/{COMPILED}/predict", b"[2.0]")
    assert status == 200, body
    slope = 1 if sent["X-Carafe-Model"] == f"{COMPILED}@1" else 5
    assert abs(json.loads(body)["prediction"] - 2 * slope) < 1e-9
    return sent["X-Carafe-Model"] or ""


def everywhere(true: Callable[[], bool]) -> None:
    """Wait until something holds for so many answers in a row that both workers gave some."""
    until, row = time.monotonic() + 60, 0
    while row < ALL:
        row = row + 1 if true() else 0
        assert time.monotonic() < until


def promote(server: Server, version: Version) -> tuple[int, str]:
    """Ask the service for a promotion; return the status and the problem."""
    body = json.dumps({"version": version.number}).encode()
    status, _, told = server.ask("PUT", f"/models/{COMPILED}/aliases/champion", body, Content_Type="application/json")
    return status, json.loads(told)["type"].removeprefix("urn:carafe:problem:")


SPOILT: dict[str, tuple[Callable[[Registry, str], Version], int, str]] = {
    "corrupt": (publish_corrupt, 503, "corrupt-artefact"),
    "wrong": (partial(publish_spoilt, spoil=wrong), 503, "corrupt-artefact"),
    "too big": (publish_big, 507, "model-too-large"),
}


@pytest.mark.parametrize("kind", SPOILT)
def test_what_can_not_be_loaded_never_replaces_what_answers(server: Server, registry: Registry, kind: str) -> None:
    publish, status, slug = SPOILT[kind]
    version = publish(registry, COMPILED)
    assert promote(server, version) == (status, slug)
    assert registry.alias(COMPILED, "champion").number == 1
    assert readiness(server)["status"] == "ready"

    untried(registry).promote(ModelRef(name=COMPILED, version=version.number))
    everywhere(lambda: readiness(server)["status"] == "degraded")
    (fault,) = readiness(server)["faults"]
    assert (fault["problem"], fault["model"], fault["wanted"], fault["answering"]) == (
        slug, f"{COMPILED}@champion", version.number, 1
    )  # fmt: skip
    assert list(readiness(server, key="")["faults"][0]) == ["problem", "title"]
    everywhere(lambda: answering(server) == f"{COMPILED}@1")

    registry.rollback(COMPILED)
    everywhere(lambda: readiness(server) == {"status": "ready", "faults": []})


def test_a_slow_version_answers_once_it_is_loaded_and_the_old_one_until_then(
    server: Server, registry: Registry
) -> None:
    version = publish_spoilt(registry, COMPILED, slow)
    assert promote(server, version) == (503, "still-loading")
    assert registry.alias(COMPILED, "champion").number == 1

    untried(registry).promote(ModelRef(name=COMPILED, version=version.number))
    seen, problems = set(), set()
    until = time.monotonic() + 120
    while "still-loading" not in problems or answering(server) != str(version):
        assert time.monotonic() < until
        seen.add(answering(server))
        problems |= {fault["problem"] for fault in readiness(server)["faults"]}
    assert seen <= {f"{COMPILED}@1", str(version)}
    assert problems == {"still-loading"}
    everywhere(lambda: answering(server) == str(version))
    everywhere(lambda: readiness(server) == {"status": "ready", "faults": []})
    registry.rollback(COMPILED)
