"""Several machines on one registry: a PostgreSQL and an S3-compatible store, nginx in front."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from carafe.access import Role, open_keys
from carafe.errors import InvalidSetting
from carafe.registry import open_registry
from carafe.settings import Settings
from machines import MODEL, Machine, Shared, machines, nginx, publish, share
from own_postgres import OwnPostgres
from own_s3 import OwnS3
from reliability.generator import Generator, Question
from reliability.report import report

pytestmark = [pytest.mark.needs("postgresql"), pytest.mark.xdist_group("machines")]

CONNECTIONS = 16
RATE = 400
"""Requests a second: what is to be seen is not how fast it is."""


@pytest.fixture(scope="module")
def shared(postgres: OwnPostgres, s3: OwnS3, tmp_path_factory: pytest.TempPathFactory) -> Shared:
    return share(tmp_path_factory.mktemp("machines"), postgres, s3)


@pytest.fixture(scope="module")
def both(shared: Shared) -> Iterator[list[Machine]]:
    with machines(shared, 2, workers=2) as started:
        yield started


def promote(machine: Machine, number: int) -> None:
    status, _, told = machine.ask(
        "PUT",
        f"/models/{MODEL}/aliases/champion",
        json.dumps({"version": number}).encode(),
        Content_Type="application/json",
    )
    assert status == 200, told


def last_otherwise(machine: Machine, slope: float) -> float:
    """Return how many seconds from now the machine last gave another answer; each look is a new connection."""
    began, last, alike = time.monotonic(), 0.0, 0
    while alike < 24:
        assert time.monotonic() < began + 60
        asked = time.monotonic() - began
        alike = alike + 1 if machine.slope() == slope else 0
        last = last if alike else asked
    return last


def questions(machine: Machine) -> list[Question]:
    """Return one question, and what version 1 and 2 answer to it."""
    expected = {}
    for number in (1, 2):
        status, sent, told = machine.ask("POST", f"/models/{MODEL}/versions/{number}/predict", b"[1.0]")
        assert status == 200
        expected[sent["X-Carafe-Model"]] = told
    return [Question(path=f"/models/{MODEL}/predict", body=b"[1.0]", expected=expected)]


def under_load(generator: Generator, requests: int) -> None:
    """Wait until so many more requests were answered."""
    until, began = time.monotonic() + 60, generator.asked
    while generator.asked < began + requests:
        assert time.monotonic() < until, generator.failures
        time.sleep(0.01)


def test_a_promotion_through_one_machine_reaches_every_worker_of_the_other(both: list[Machine]) -> None:
    one, two = both
    for number in (2, 1):
        promote(one, number)
        assert last_otherwise(two, number) < 20  # within a second on a machine that is not busy
        assert last_otherwise(one, number) < 20


def test_what_is_published_through_one_machine_is_answered_by_the_other(shared: Shared, both: list[Machine]) -> None:
    with shared.registry() as registry:
        version = publish(registry, slope=5)
    status, _, body = both[1].ask("POST", f"/models/{MODEL}/versions/{version.number}/predict", b"[1.0]")
    assert (status, round(json.loads(body)["prediction"], 6)) == (200, 5)


def test_a_key_opens_every_machine_and_once_revoked_none(shared: Shared, both: list[Machine]) -> None:
    def statuses() -> set[int]:
        sent = {"X-API-Key": new.text}
        return {machine.exchange("GET", "/models", None, sent)[0] for machine in both}

    with closing(open_keys(shared.settings("publisher"))) as keys:
        new = keys.create(role=Role.READER)
        assert statuses() == {200}
        keys.revoke(new.record.id)
    until = time.monotonic() + 30  # five seconds on a machine that is not busy
    while statuses() != {401}:
        assert time.monotonic() < until
        time.sleep(0.1)


def test_a_machine_with_another_secret_is_refused_when_it_starts(shared: Shared, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, database_url=shared.database, artifacts_url=shared.artifacts, secret="0" * 64)
    with pytest.raises(InvalidSetting, match="not the one that this database was begun with: give every machine the"):
        open_registry(settings)


def test_what_is_loaded_answers_on_while_database_and_store_are_away(
    shared: Shared, both: list[Machine], postgres: OwnPostgres, s3: OwnS3
) -> None:
    one = both[0]
    promote(one, 1)
    assert last_otherwise(one, 1) < 20
    postgres.stop()
    s3.freeze()
    try:
        until = time.monotonic() + 4  # longer than a key is believed without being proved
        while time.monotonic() < until:
            assert one.slope() == 1
        status, _, body = one.ask("GET", "/models")
        assert (status, json.loads(body)["type"].rpartition(":")[2]) == (503, "storage-unavailable")
        status, _, body = one.ask("GET", "/health/ready")
        assert (status, json.loads(body)["status"]) == (200, "degraded")
    finally:
        postgres.start()
        s3.go_on()
    promote(one, 2)
    assert last_otherwise(one, 2) < 20
    assert last_otherwise(both[1], 2) < 20
    del shared


@pytest.mark.needs("nginx")
def test_machines_behind_nginx_are_drained_without_a_failure_and_killed_at_the_cost_of_what_they_were_at(
    shared: Shared, both: list[Machine], tmp_path: Path
) -> None:
    asked = questions(both[0])
    with nginx(tmp_path, [machine.port for machine in both]) as port:
        for machine, way, allowed in ((both[0], Machine.drain, 0), (both[1], Machine.kill, CONNECTIONS)):
            generator = Generator(port=port, key=shared.key, questions=[asked], connections=CONNECTIONS, rate=RATE)
            ended_under_load(generator, machine, way)
            assert len(generator.failures) <= allowed, generator.failures


@pytest.mark.long
@pytest.mark.needs("nginx")
def test_machines_agree_within_a_second_and_none_is_missed_when_it_ends(
    shared: Shared, both: list[Machine], tmp_path: Path
) -> None:
    late = []
    for turn in range(20):
        promote(both[turn % 2], 1 + turn % 2)
        late.append(last_otherwise(both[(turn + 1) % 2], 1 + turn % 2))
    asked, worst, requests = questions(both[0]), {"drain": 0, "kill": 0}, 0
    with nginx(tmp_path, [machine.port for machine in both]) as port:
        for turn in range(12):
            way = (Machine.drain, Machine.kill)[turn // 2 % 2]
            generator = Generator(port=port, key=shared.key, questions=[asked], connections=CONNECTIONS, rate=RATE)
            ended_under_load(generator, both[turn % 2], way)
            worst[way.__name__] = max(worst[way.__name__], len(generator.failures))
            requests += generator.asked
    agreed = (
        "20 promotions, each through the other of two machines of 2 workers: the last request that the old version "
        f"answered was sent {max(late):.2f} s after the change at most, {sorted(late)[10]:.2f} s in the median "
        "(allowed: 1 s)."
    )
    ended = (
        f"Both machines behind nginx, each drained 3 times and killed 3 times, under {RATE} predictions a second over "
        f"{CONNECTIONS} connections: {requests:,} requests. A drain failed {worst['drain']} of them at most (allowed: "
        f"0), a kill {worst['kill']} (allowed: the {CONNECTIONS} that may be under way)."
    )
    report("machines", [agreed, ended])
    assert worst["drain"] == 0
    assert worst["kill"] <= CONNECTIONS
    assert max(late) < 1


def ended_under_load(generator: Generator, machine: Machine, way: Callable[[Machine], object]) -> None:
    """End a machine while requests come, start it again, and go on until nginx has taken it up again, too."""
    with generator:
        under_load(generator, 10 * CONNECTIONS)
        way(machine)
        under_load(generator, 10 * CONNECTIONS)
        machine.start()
        under_load(generator, 3 * RATE)  # three seconds: a machine that failed is left alone for two
