"""Versions take each other's place under load, in every worker: hardening 19."""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from carafe.access import memory_keys
from carafe.schema import ModelRef
from carafe.settings import Settings
from carafe.web.service import build_service
from reliability.generator import Generator
from reliability.processes import Holding, connections
from reliability.report import report
from reliability.slopes import COMPILED, POOL, SHARED, WIDE, Home, make_home, questions
from sealed import untried
from web.servers import Server, running

pytestmark = pytest.mark.xdist_group("swaps")

CONNECTIONS = 64
MIB = 1024**2

DATABASE = 2 * 2 * (3 * 5 + 10)
"""The most descriptors of the database: two pools in each of two workers, each of five connections with their three
files, and of ten more for which SQLite keeps a file."""


@dataclass
class Swaps:
    """What was seen of a number of swaps under load."""

    server: Server
    home: Home
    generator: Generator
    late: list[float] = field(default_factory=list)
    holdings: list[Holding] = field(default_factory=list)
    current: int = 1

    def swap(self, turn: int) -> None:
        """Let the other version answer, for both models at once, and wait until no connection hears of the old one."""
        number = 3 - self.current
        for name in (COMPILED, SHARED):
            for connection in self.generator.connections:
                connection.last.clear()
            since = WAYS[turn % len(WAYS)](self, name, number)
            wait_until(partial(self.generator.moved, f"{name}@{number}"))
            self.late.append(self.generator.lateness(f"{name}@{number}", since=since))
        self.current = number
        self.holdings.append(Holding.of(self.server.workers))


def over_rest(swaps: Swaps, name: str, number: int) -> float:
    """Let a version answer, and return the moment since when it should."""
    status, _, told = swaps.server.ask(
        "PUT",
        f"/models/{name}/aliases/champion",
        json.dumps({"version": number}).encode(),
        Content_Type="application/json",
    )
    assert status == 200, told
    return time.monotonic()


def by_another_process(swaps: Swaps, name: str, number: int) -> float:
    with swaps.home.registry() as registry:
        registry.promote(ModelRef(name=name, version=number))
        return time.monotonic()


def by_rollback(swaps: Swaps, name: str, number: int) -> float:
    with swaps.home.registry() as registry:
        assert registry.rollback(name).after.main == number  # type: ignore[union-attr]
        return time.monotonic()


WAYS: tuple[Callable[[Swaps, str, int], float], ...] = (over_rest, by_rollback, by_another_process, by_rollback)


def wait_until(true: Callable[[], bool], *, seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[Server, Home]]:
    home = make_home(tmp_path / "home")
    with running("carafe", tmp_path, home=home.path, key=home.key, extra=WIDE) as started:
        yield started, home


def swapped(server: Server, home: Home, *, swaps: int) -> Swaps:
    """Swap so often under CONNECTIONS connections; nothing may fail, and every worker must be under load."""
    asked = [questions(server, COMPILED), questions(server, SHARED)]
    with Generator(port=server.port, key=server.key, questions=asked, connections=CONNECTIONS) as generator:
        seen = Swaps(server, home, generator)
        wait_until(lambda: generator.asked > 10 * CONNECTIONS)
        taken = connections(server.workers, server.port)
        for turn in range(swaps):
            seen.swap(turn)
    assert generator.failures == []
    assert len(taken) == 2
    assert min(taken.values()) > 0, taken
    assert set(generator.statuses) == {200}
    return seen


def test_swaps_under_load_fail_no_request_and_leave_nothing_behind(server: tuple[Server, Home]) -> None:
    seen = swapped(*server, swaps=6)
    assert max(seen.late) < 10  # within a second on a machine that is not busy
    assert seen.holdings[-1].descriptors <= seen.holdings[1].descriptors + 2
    assert seen.holdings[-1].database <= DATABASE
    assert seen.holdings[-1].threads <= seen.holdings[1].threads + 2
    assert max(holding.pool for holding in seen.holdings) <= POOL
    assert seen.holdings[-1].memory < seen.holdings[1].memory + 50 * MIB


@pytest.mark.long
def test_a_hundred_swaps_reach_every_worker_within_a_second_and_leave_memory_flat(server: tuple[Server, Home]) -> None:
    seen = swapped(*server, swaps=100)
    early, half, late = seen.holdings[19], seen.holdings[49], seen.holdings[-1]
    asked = (
        f"100 promotions and rollbacks of each of two models, by REST and by another process, under {CONNECTIONS} "
        f"keep-alive connections and 2 workers: {seen.generator.asked:,} requests, 0 failed, each answered exactly as "
        "the version does that it names."
    )
    late_by = (
        f"The last request that the old version answered was sent {max(seen.late):.2f} s after the change at most, "
        f"{sorted(seen.late)[len(seen.late) // 2]:.2f} s in the median (allowed: 1 s)."
    )
    held = (
        f"Both workers together, after 20, 50 and 100: {early.memory / MIB:.1f}, {half.memory / MIB:.1f} and "
        f"{late.memory / MIB:.1f} MiB; after 20 and 100: "
        f"{early.descriptors} and {late.descriptors} descriptors, {early.threads} and {late.threads} threads "
        f"beside the {max(holding.pool for holding in seen.holdings)} at most that answer (allowed: {POOL}); and "
        f"{early.database} and {late.database} descriptors of the database, whose pools may hold {DATABASE}."
    )
    report("19", [asked, late_by, held])
    assert max(seen.late) < 1
    assert (late.descriptors, late.threads) == (early.descriptors, early.threads)
    assert max(holding.pool for holding in seen.holdings) <= POOL
    assert late.database <= DATABASE
    assert late.memory < half.memory + 4 * MIB


def test_swaps_leave_no_object_behind(tmp_path: Path) -> None:
    home = make_home(tmp_path / "home")
    with home.registry() as registry:
        service = build_service(Settings(home=home.path), registry=registry, keys=memory_keys())
        service.catalog.warm()
        counts = []
        for turn in range(60):
            for name in (COMPILED, SHARED):
                untried(registry).promote(ModelRef(name=name, version=2 - turn % 2))
            service.catalog.refresh()
            assert service.catalog.get(ModelRef(name=SHARED)).number == 2 - turn % 2
            if turn % 20 == 19:
                gc.collect()
                counts.append(sum(str(type(each).__module__).startswith("carafe.") for each in gc.get_objects()))
    assert counts[2] - counts[1] < 20
