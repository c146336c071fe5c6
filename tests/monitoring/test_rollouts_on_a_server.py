"""Rollouts over PostgreSQL, followed by machines that have connections of their own and act at the same time."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from carafe.registry import Plan, Registry, State, Traffic, open_registry
from carafe.schema import ModelRef
from carafe.settings import Settings
from monitoring.following import PLAN, Clock, Worker, steps
from sealed import publish, untried

pytestmark = [pytest.mark.needs("postgresql"), pytest.mark.xdist_group("postgres")]


@pytest.fixture
def machines(tmp_path: Path, postgres_url: str) -> Iterator[list[Worker]]:
    """Two machines on one database, in which the first of two versions is champion."""
    settings = Settings(home=tmp_path, database_url=postgres_url)
    opened: list[Registry] = [untried(open_registry(settings)) for _ in range(2)]
    for _ in range(2):
        publish(opened[0])
    yield [Worker(registry, Clock(now=7.0 * number)) for number, registry in enumerate(opened, start=1)]
    for registry in opened:
        registry.close()


def watch(machines: list[Worker], seconds: int) -> None:
    """Let time pass on all machines at once, a round a second."""
    with ThreadPoolExecutor(len(machines)) as pool:
        for _ in range(seconds):
            list(pool.map(lambda machine: machine.watch(1), machines))


def test_machines_take_each_step_once_however_they_race(machines: list[Worker]) -> None:
    one, two = machines
    one.registry.rollouts.begin("houses", 2, plan=PLAN)
    for step in range(3):
        watch(machines, 61)
        assert one.registry.rollouts.latest("houses").rollout.step == step
        for machine in machines:
            machine.asked(1, 90)
            machine.asked(2, 60)
        watch(machines, 2)
    found = two.registry.rollouts.latest("houses")
    assert (found.rollout.state, two.registry.alias("houses").traffic) == (State.DONE, Traffic.to(2))
    assert steps(two.registry) == ["version 1 95 %, version 2 5 %", "version 1 75 %, version 2 25 %", "version 2"]
    assert [(each.workers, each.candidate.answered) for each in found.figures] == [(2, 120)] * 3
    turns = sorted(labels[2] for machine in machines for _, labels in machine.counted)
    assert turns == ["done", "step", "step"]


def test_failures_that_no_machine_could_judge_alone_turn_back_once(machines: list[Worker]) -> None:
    one, two = machines
    one.registry.rollouts.begin("houses", 2, plan=Plan(steps=(50.0, 100.0), every=60.0))
    watch(machines, 1)
    for machine in machines:
        machine.failed(2, 3)
    watch(machines, 2)
    assert two.registry.rollouts.latest("houses").rollout.state is State.TURNED_BACK
    assert two.registry.alias("houses").traffic == Traffic.to(1)
    assert steps(two.registry) == ["version 1 50 %, version 2 50 %", "version 1"]
    assert sum(len(machine.counted) for machine in machines) == 1


def test_who_changes_the_alias_on_one_machine_overtakes_what_the_other_follows(machines: list[Worker]) -> None:
    one, two = machines
    publish(one.registry)
    one.registry.rollouts.begin("houses", 2, plan=PLAN)
    watch(machines, 1)
    with ThreadPoolExecutor(2) as pool:
        two.failed(2, 9)
        promoting = pool.submit(one.registry.promote, ModelRef(name="houses", version=3), by="bob")
        pool.submit(two.watch, 2).result()
        promoting.result()
    assert one.registry.rollouts.latest("houses").rollout.state in {State.OVERTAKEN, State.TURNED_BACK}
    assert two.registry.alias("houses").traffic == Traffic.to(3)
