from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from carafe.errors import CorruptArtefact, StorageUnavailable, VersionNotFound
from carafe.monitoring.snapshot import Snapshot
from carafe.registry import (
    Action,
    Plan,
    Registry,
    Rollout,
    Share,
    State,
    Traffic,
    memory_registry,
    open_registry,
)
from carafe.registry.rollout_store import RolloutStore, Turn
from carafe.schema import ModelRef
from carafe.serving import Catalog
from carafe.serving.footprint import footprint
from carafe.serving.shelf import Limits
from carafe.settings import Settings
from monitoring.events import finished, served
from monitoring.following import PLAN, Clock, Worker, steps
from sealed import publish, untried
from served import load_rule, publish_rule


@pytest.fixture(params=["home", "memory"])
def registry(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Registry]:
    """A registry with two versions of a model, of which the first is champion."""
    found = untried(open_registry(Settings(home=tmp_path)) if request.param == "home" else memory_registry())
    for _ in range(2):
        publish(found)
    yield found
    found.close()


@pytest.fixture
def worker(registry: Registry) -> Worker:
    return Worker(registry, Clock())


def test_a_good_candidate_takes_over_step_by_step(registry: Registry, worker: Worker) -> None:
    registry.rollouts.begin("houses", 2, plan=PLAN, by="ann", reason="a better one")
    for step in range(3):
        assert worker.watch(60).step == step
        worker.asked(1, 900)
        worker.asked(2, 100)
        worker.watch(2)
    found = registry.rollouts.latest("houses")
    assert (found.rollout.state, registry.alias("houses").traffic) == (State.DONE, Traffic.to(2))
    assert steps(registry) == ["version 1 95 %, version 2 5 %", "version 1 75 %, version 2 25 %", "version 2"]
    assert [(each.workers, each.stable.answered, each.candidate.answered) for each in found.figures] == [
        (1, 900, 100)
    ] * 3
    entry = registry.history("houses").items[0]
    assert entry.by == "ann"
    assert entry.reason.startswith("rollout 1, step 3 of 3: 100 %; at 25 % candidate 100 requests, 0 failed, p95 ")
    turns = [labels[2] for name, labels in worker.counted if name == "carafe_rollout_turns_total"]
    assert turns == ["step", "step", "done"]
    assert registry.rollback("houses").after == Traffic.to(1)


def test_a_failing_candidate_turns_back_in_the_next_round_and_is_not_what_a_rollback_leads_to(
    registry: Registry, worker: Worker
) -> None:
    registry.rollouts.begin("houses", 2, plan=Plan(steps=(100.0,), every=60.0))
    worker.watch(1)
    worker.failed(2, 5)
    found = worker.watch(1)
    assert (found.state, found.outcome) == (
        State.TURNED_BACK,
        "5 of 5 requests of the candidate failed in step 1, at most 1 % may",
    )
    assert registry.alias("houses").traffic == Traffic.to(1)
    entry = registry.history("houses").items[0]
    assert entry.action is Action.ROLLBACK
    assert entry.reason.startswith(
        "rollout 1 turned-back: 5 of 5 requests of the candidate failed in step 1, at most 1 % may; at 100"
    )
    publish(registry)
    registry.promote(ModelRef(name="houses", version=3))
    assert registry.rollback("houses").after == Traffic.to(1)


def test_without_requests_it_holds_and_goes_on_when_they_come(registry: Registry, worker: Worker) -> None:
    registry.rollouts.begin("houses", 2, plan=PLAN)
    assert worker.watch(100).step == 0
    worker.asked(2, 100)
    assert worker.watch(1).step == 1


def test_a_rollout_that_only_waits_for_requests_writes_nothing(registry: Registry, worker: Worker) -> None:
    registry.rollouts.begin("houses", 2, plan=Plan(every=2.0))
    assert worker.watch(4).lasted == pytest.approx(2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(registry.metadata.rollouts), "record", _away)
        worker.watch(3)
        worker.failed(2, 5)
        with pytest.raises(StorageUnavailable):
            worker.watch(1)
    assert worker.watch(1).state is State.TURNED_BACK


def test_time_without_a_server_is_no_time_of_a_step_and_a_new_worker_goes_on_where_it_was(
    registry: Registry, worker: Worker
) -> None:
    registry.rollouts.begin("houses", 2, plan=PLAN)
    worker.watch(1)
    worker.asked(2, 100)
    assert worker.watch(40).lasted == pytest.approx(40)
    after = Worker(registry, Clock(now=5.0))  # another process, whose clock began at another time
    assert after.watch(19).lasted == pytest.approx(59)
    assert after.watch(2).step == 1


def test_a_process_that_was_stopped_adds_a_few_seconds_at_most(registry: Registry, worker: Worker) -> None:
    registry.rollouts.begin("houses", 2, plan=PLAN)
    worker.watch(1)
    worker.clock.now += 3600
    assert worker.watch(1).lasted == pytest.approx(5)


def test_two_machines_add_up_what_they_see_and_one_of_them_takes_each_step(registry: Registry, worker: Worker) -> None:
    other = Worker(registry, Clock(now=7.0))
    registry.rollouts.begin("houses", 2, plan=PLAN)
    for _ in range(61):
        worker.watch(1)
        other.watch(1)
    worker.asked(2, 60)
    other.asked(2, 60)
    worker.watch(1)
    other.watch(1)
    found = registry.rollouts.latest("houses")
    assert (found.rollout.step, found.figures[0].workers, found.figures[0].candidate.answered) == (1, 2, 120)
    assert len(worker.counted) + len(other.counted) == 1
    assert steps(registry) == ["version 1 95 %, version 2 5 %", "version 1 75 %, version 2 25 %"]


def test_failures_that_no_worker_could_judge_alone_are_judged_together(registry: Registry, worker: Worker) -> None:
    others = [Worker(registry, Clock()) for _ in range(2)]
    registry.rollouts.begin("houses", 2, plan=PLAN)
    for each in (worker, *others):
        each.watch(1)
        each.failed(2, 2)
    for each in (worker, *others):
        each.watch(1)
    assert registry.rollouts.latest("houses").rollout.state is State.TURNED_BACK


def test_who_changes_the_alias_by_hand_overtakes_the_rollout(registry: Registry, worker: Worker) -> None:
    publish(registry)
    registry.rollouts.begin("houses", 2, plan=PLAN)
    worker.watch(1)
    worker.failed(2, 9)
    registry.promote(ModelRef(name="houses", version=3), by="bob")
    found = worker.watch(2)
    assert (found.state, found.outcome) == (
        State.OVERTAKEN,
        "the alias was changed by bob (promote): now it points at version 3",
    )
    assert registry.alias("houses").traffic == Traffic.to(3)
    assert registry.rollouts.latest("houses").figures[0].candidate.failed == 9


def test_a_candidate_that_one_worker_can_not_load_turns_back(registry: Registry, worker: Worker) -> None:
    registry.rollouts.begin("houses", 2, plan=PLAN)
    worker.follower.observer.load_failed("houses", 2, CorruptArtefact("torn"))
    found = worker.watch(1)
    assert (found.state, found.outcome) == (
        State.TURNED_BACK,
        "the candidate can't be loaded: The stored model is damaged or was changed (corrupt-artefact)",
    )


def test_a_paused_rollout_stays_until_it_is_resumed(registry: Registry, worker: Worker) -> None:
    registry.rollouts.begin("houses", 2, plan=PLAN)
    worker.watch(1)
    worker.asked(2, 100)
    registry.rollouts.pause("houses", by="bob")
    found = worker.watch(100)
    assert (found.state, found.outcome, found.step) == (State.PAUSED, "paused by bob", 0)
    registry.rollouts.resume("houses")
    assert worker.watch(62).step == 1


def test_a_database_that_is_away_is_tried_again(registry: Registry, worker: Worker) -> None:
    registry.rollouts.begin("houses", 2, plan=PLAN)
    worker.watch(1)
    worker.failed(2, 5)
    with pytest.MonkeyPatch.context() as patch:
        kind = type(registry.metadata.rollouts)
        patch.setattr(kind, "record", _away)
        with pytest.raises(StorageUnavailable):
            worker.watch(1)
    assert worker.watch(1).state is State.TURNED_BACK


def test_a_rollout_that_can_not_be_followed_holds_up_no_other_and_is_logged_once(
    registry: Registry, worker: Worker, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        publish(registry, "iris")
    registry.rollouts.begin("houses", 2, plan=PLAN)
    registry.rollouts.begin("iris", 2, plan=PLAN)
    worker.watch(1)
    worker.failed(2, 5)
    for _ in range(5):
        worker.follower.observer.finished(
            finished(served=served("iris", 2), asked=ModelRef.parse("iris"), status=500, slug="prediction-failed")
        )
    turn = type(registry.metadata.rollouts).turn

    def broken(store: RolloutStore, rollout: Rollout, to: Turn) -> Rollout | None:
        if rollout.name == "houses":
            raise VersionNotFound("houses has no version 1: it has 2")
        return turn(store, rollout, to)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(registry.metadata.rollouts), "turn", broken)
        assert worker.watch(3).state is State.RUNNING
    assert registry.rollouts.latest("iris").rollout.state is State.TURNED_BACK
    assert caplog.text.count("the rollout of houses@2 on champion can't be followed") == 1
    assert worker.watch(1).state is State.TURNED_BACK


def test_active_rollouts_are_told_as_gauges(registry: Registry, worker: Worker) -> None:
    registry.rollouts.begin("houses", 2, plan=PLAN)
    worker.watch(1)
    snapshot = Snapshot(worker="")
    worker.follower.tell(snapshot)
    assert snapshot.gauges == {("carafe_rollout_percent", ("houses", "champion", "2")): 5.0}


def test_a_forked_child_is_a_worker_of_its_own_that_has_counted_nothing(registry: Registry, worker: Worker) -> None:
    registry.rollouts.begin("houses", 2, plan=PLAN)
    worker.watch(1)
    worker.asked(2, 5)
    child = os.fork()
    if child == 0:
        os._exit(len(worker.follower.observer.steps()))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    worker.watch(1)
    assert registry.rollouts.latest("houses").figures[0].candidate.answered == 5


def _away(*_: object, **__: object) -> None:
    raise StorageUnavailable("the database can't be used now")


@pytest.mark.parametrize("step", [0, 1])
def test_a_rollout_whose_versions_do_not_fit_together_in_a_worker_turns_back_and_says_so(step: int) -> None:
    """It was begun where that is not known: on the command line."""
    registry = untried(memory_registry())
    for _ in range(2):
        publish_rule(registry, "houses", "houses")
    worker = Worker(registry, Clock())
    publish_rule(registry, "iris", "iris")
    size, other = (footprint(registry.resolve(ModelRef.parse(name)).manifest) for name in ("houses", "iris"))
    room = other + 3 * size // 2 if step else size
    catalog = Catalog(
        registry=registry, load=load_rule, limits=Limits(bytes=room), observers=[worker.follower.observer]
    )
    catalog.get(ModelRef.parse("houses"))
    registry.rollouts.begin("houses", 2, plan=PLAN)
    catalog.refresh()
    if step:  # it had room, and has none any more
        worker.watch(1)
        worker.asked(2, 100)
        assert worker.watch(60).step == 1
        catalog = Catalog(
            registry=registry,
            load=load_rule,
            limits=Limits(bytes=room),
            pinned=[ModelRef.parse("iris")],
            observers=[worker.follower.observer],
        )
        catalog.warm()
    found = worker.watch(1)
    assert found.state is State.TURNED_BACK
    assert found.outcome.startswith("the candidate can't be loaded: houses@1, houses@2 take about ")
    assert registry.alias("houses").traffic == Traffic.to(1)
    catalog.refresh()
    assert (catalog.get(ModelRef.parse("houses")).number, catalog.readiness().faults) == (1, ())
    registry.close()


def test_a_rollout_goes_on_where_its_versions_do_not_fit_beside_those_of_another_alias() -> None:
    registry = untried(memory_registry())
    for _ in range(3):
        publish_rule(registry, "houses", "houses")
    worker = Worker(registry, Clock())
    size = footprint(registry.resolve(ModelRef.parse("houses")).manifest)
    catalog = Catalog(
        registry=registry, load=load_rule, limits=Limits(bytes=5 * size // 2), observers=[worker.follower.observer]
    )
    catalog.get(ModelRef.parse("houses"))
    registry.rollouts.begin("houses", 2, plan=PLAN)
    catalog.refresh()
    worker.watch(1)
    three = tuple(Share(version=number, percent=percent) for number, percent in ((1, 50.0), (3, 30.0), (2, 20.0)))
    registry.direct("houses", "staging", Traffic(shares=three))
    catalog.get(ModelRef.parse("houses@staging"))
    assert [fault.wanted for fault in catalog.readiness().faults] == [2]
    assert worker.watch(2).state is State.RUNNING
    registry.close()
