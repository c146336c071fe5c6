"""Backups of a home in use restore elsewhere with every digest verified and the same answers: hardening 25."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

import pytest

import carafe
from carafe.errors import NotFound, VersionInUse
from carafe.registry import Promotion, Query, Registry, open_registry
from carafe.schema import ModelRef
from carafe.settings import Settings
from carafe.upkeep import back_up, restore, verify_backup
from carafe.upkeep.checkup import Depth, Order, State, examine
from reliability.generator import Generator
from reliability.report import report
from reliability.slopes import COMPILED, SHARED, Home, make_home, questions
from sealed import seal_really
from web.servers import Server, running

MODELS = ("ants", "bees")
ROWS = [{"x": value / 8} for value in range(-8, 9)]


@dataclass(slots=True)
class Churn:
    """Threads that publish, promote and delete without end."""

    home: Path
    stop: Event = field(default_factory=Event)
    done: int = 0
    answers: dict[str, list[float]] = field(default_factory=dict)
    """What each version answers to ROWS, by reference, from when it was sealed."""

    def publish(self, registry: Registry, name: str, turn: random.Random) -> None:
        slope = turn.uniform(-5, 5)
        with registry.staging() as folder:
            seal_really(folder, key=registry.key, slope=slope)
            version = registry.publish(name=name, staged=folder, promote=turn.choice(list(Promotion)))
        self.answers[str(version)] = carafe.load(str(version), home=self.home).predict(_table(version)).tolist()

    def move(self, registry: Registry, name: str, turn: random.Random) -> None:
        registry.promote(ModelRef(name=name, version=turn.choice(_numbers(registry, name))), alias="staging")

    def delete(self, registry: Registry, name: str, turn: random.Random) -> None:
        numbers = _numbers(registry, name)
        if len(numbers) > 2:
            registry.delete(name, turn.choice(numbers))

    def run(self, name: str, seed: int) -> None:
        turn = random.Random(seed)  # noqa: S311 - no secret, but the same every time
        acts: tuple[Callable[[Registry, str, random.Random], None], ...] = (self.publish, self.move, self.delete)
        with closing(open_registry(Settings(home=self.home))) as registry:
            self.publish(registry, name, turn)
            while not self.stop.is_set():
                try:
                    turn.choice(acts)(registry, name, turn)
                except (NotFound, VersionInUse):
                    continue  # another thread was there first
                self.done += 1


def _numbers(registry: Registry, name: str) -> list[int]:
    return [version.number for version in registry.versions(Query(size=1000), name=name).items]


def _table(version: carafe.Version) -> list[dict[str, float]]:
    (column,) = version.manifest.signature.columns
    return [{column.name: row["x"]} for row in ROWS]


@contextmanager
def churning(home: Path, threads: int) -> Iterator[Churn]:
    churn = Churn(home)
    with ThreadPoolExecutor(threads) as pool:
        running = [pool.submit(churn.run, MODELS[index % len(MODELS)], index) for index in range(threads)]
        try:
            yield churn
        finally:
            churn.stop.set()
    for each in running:
        each.result()


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What was seen of one backup."""

    versions: int
    rows: int
    size: int


def restored(file: Path, elsewhere: Path, churn: Churn) -> Restored:
    """Restore a backup, examine the home, and ask every version that the churn knows."""
    verify_backup(file)
    settings = Settings(home=elsewhere)
    restore(settings, file)
    wrong = [found for found in examine(Order(settings=settings, depth=Depth.DEEP)) if found.state is not State.OK]
    assert wrong == []
    asked = 0
    with closing(open_registry(settings)) as registry:
        versions = registry.versions(Query(size=1000)).items
        for version in versions:
            if str(version) in churn.answers:
                answers = carafe.load(str(version), home=elsewhere).predict(_table(version)).tolist()
                assert answers == churn.answers[str(version)]
                asked += len(answers)
    shutil.rmtree(elsewhere)
    return Restored(versions=len(versions), rows=asked, size=file.stat().st_size)


def backed_up(home: Home, server: Server, folder: Path, *, times: int, threads: int) -> tuple[Churn, list[Restored]]:
    """Back a home up so often while threads change it and a server answers; each backup is restored elsewhere."""
    files = [folder / f"{number}.backup" for number in range(times)]
    asked = [questions(server, COMPILED), questions(server, SHARED)]
    with (
        Generator(port=server.port, key=server.key, questions=asked, connections=8) as generator,
        churning(home.path, threads) as churn,
    ):
        while not churn.answers:
            time.sleep(0.05)
        for file in files:
            assert back_up(Settings(home=home.path), file).left_out == ()
    assert generator.failures == []
    assert set(generator.statuses) == {200}
    return churn, [restored(file, folder / "elsewhere", churn) for file in files]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[Server, Home]]:
    home = make_home(tmp_path / "home")
    with running("carafe", tmp_path, home=home.path, key=home.key) as started:
        yield started, home


def test_every_backup_of_a_home_in_use_restores_elsewhere_with_the_same_answers(
    server: tuple[Server, Home], tmp_path: Path
) -> None:
    churn, seen = backed_up(server[1], server[0], tmp_path, times=2, threads=2)
    assert churn.done > 0
    assert all(one.versions > 2 and one.rows > 0 for one in seen)


@pytest.mark.long
def test_twenty_backups_of_a_home_in_use_restore_elsewhere_with_the_same_answers(
    server: tuple[Server, Home], tmp_path: Path
) -> None:
    churn, seen = backed_up(server[1], server[0], tmp_path, times=20, threads=4)
    made = (
        f"20 backups in a row of a home in which 4 threads published, promoted and deleted ({churn.done} changes, "
        f"{len(churn.answers)} versions published) while a service answered over 8 connections: 0 requests failed."
    )
    tried = (
        f"All 20 restored elsewhere: every digest and signature of {sum(one.versions for one in seen):,} versions "
        f"verified, every model loaded, those that were published meanwhile asked again: "
        f"{sum(one.rows for one in seen):,} predictions identical to the last bit; `carafe doctor --deep` found "
        "nothing in any of them."
    )
    largest = max(seen, key=lambda one: one.versions)
    size = f"The largest: {largest.versions} versions, {largest.size / 1024**2:.1f} MiB."
    report("25", [made, tried, size])
    assert churn.done > 20
    assert all(one.rows > 0 for one in seen)
