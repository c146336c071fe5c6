from __future__ import annotations

import gc
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import suppress
from threading import Event, Thread
from threading import enumerate as threads

import pytest

from carafe.errors import CorruptArtefact, DeadlineExceeded, ModelNotFound, ModelTooLarge, StillLoading
from carafe.models import Artefact, Model
from carafe.registry import Plan, Promotion, Registry, Share, Traffic, memory_registry
from carafe.registry.rollout_decision import Decision, Move
from carafe.schema import ModelRef
from carafe.serving import Catalog, Observer, Served
from carafe.serving.deadline import within
from carafe.serving.footprint import footprint
from carafe.serving.loading import AT_ONCE, MOST_FAILURES, MOST_THREADS
from carafe.serving.shelf import Limits, Shelf
from sealed import untried
from served import load_rule, publish_rule

HOUSES = ModelRef.parse("houses")


class Noticed(Observer):
    """Remembers what was loaded and dropped, and what is loaded now."""

    def __init__(self) -> None:
        self.loads = 0
        self.now: set[Served] = set()

    def loaded(self, served: Served, seconds: float) -> None:
        self.loads += seconds >= 0
        self.now.add(served)

    def dropped(self, served: Served) -> None:
        self.now.remove(served)


class Held:
    """Loads models, but those of some names only once they are let go on."""

    def __init__(self, *names: str) -> None:
        self.names = names
        self.begun: list[str] = []
        self.go = Event()

    def __call__(self, artefact: Artefact) -> Model:
        self.begun.append(artefact.manifest.name)
        assert artefact.manifest.name not in self.names or self.go.wait(20)
        return load_rule(artefact)


@pytest.fixture
def registry() -> Iterator[Registry]:
    found = untried(memory_registry())
    yield found
    found.close()


def size(registry: Registry) -> int:
    """Return how many bytes one of the rule models takes."""
    return footprint(registry.resolve(HOUSES).manifest)


def wait_until(true: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not true():
        assert time.monotonic() < until
        time.sleep(0.005)


def test_the_versions_asked_least_recently_make_room_for_bytes(registry: Registry) -> None:
    names = ["houses", "second", "third", "fourth"]
    for name in names:
        publish_rule(registry, name, "houses")
    noticed = Noticed()
    catalog = Catalog(
        registry=registry, load=load_rule, limits=Limits(bytes=int(2.5 * size(registry))), observers=[noticed]
    )
    for name in names:
        catalog.get(ModelRef.parse(name))
        catalog.refresh()
    assert {served.name for served in noticed.now} == {"third", "fourth"}
    catalog.get(ModelRef.parse("third"))
    catalog.refresh()
    catalog.get(HOUSES)
    assert {served.name for served in noticed.now} == {"third", "houses"}


def test_a_version_larger_than_all_that_may_be_loaded_is_refused_and_drives_out_nothing(registry: Registry) -> None:
    publish_rule(registry, "houses", "houses")
    publish_rule(registry, "everything", "everything")
    noticed, held = Noticed(), Held()
    large = footprint(registry.resolve(ModelRef.parse("everything")).manifest)
    assert size(registry) < large
    catalog = Catalog(registry=registry, load=held, limits=Limits(bytes=large - 1), observers=[noticed])
    served = catalog.get(HOUSES)
    with pytest.raises(ModelTooLarge, match=r"everything@1 takes about [0-9,]+ bytes .*max_loaded_bytes"):
        catalog.get(ModelRef.parse("everything"))
    assert noticed.now == {served}
    assert held.begun == [served.manifest.name]
    assert [fault.error.slug for fault in catalog.readiness().faults] == ["model-too-large"]


def test_what_is_pinned_is_loaded_at_the_start_and_stays(registry: Registry) -> None:
    for name in ("houses", "iris", "churn", "other", "more"):
        publish_rule(registry, name, "houses")
    publish_rule(registry, "iris", "houses")
    registry.promote(ModelRef.parse("churn@1"), alias="staging")
    noticed = Noticed()
    pinned = [ModelRef.parse(text) for text in ("houses", "iris@2", "churn@staging")]
    catalog = Catalog(registry=registry, load=load_rule, limits=Limits(versions=3), pinned=pinned, observers=[noticed])
    catalog.warm()
    assert {"houses@1", "iris@2", "churn@1"} <= set(map(str, noticed.now))
    for name in ("other", "more", "iris"):
        assert catalog.get(ModelRef.parse(name)).number == 1
        catalog.refresh()
    assert {"houses@1", "iris@2", "churn@1"} == set(map(str, noticed.now))
    assert catalog.pinned(catalog.get(HOUSES))


def roll_out(registry: Registry) -> None:
    """Begin a rollout of the second version, and take it to its last step."""
    registry.rollouts.begin("houses", 2, plan=Plan(steps=(25.0, 100.0)))
    registry.rollouts.act(registry.rollouts.latest("houses"), Decision(move=Move.STEP, reason=""))
    assert registry.alias("houses").traffic == Traffic.to(2)


@pytest.mark.parametrize("looks", [1, 2])
def test_a_rollout_turns_back_from_its_last_step_without_a_load(registry: Registry, looks: int) -> None:
    for rule in ("houses", "cheap houses"):
        publish_rule(registry, "houses", rule)
    noticed = Noticed()
    catalog = Catalog(registry=registry, load=load_rule, observers=[noticed])
    stable = catalog.get(HOUSES)
    roll_out(registry)
    for _ in range(looks):
        catalog.refresh()
    assert (catalog.get(HOUSES).number, noticed.loads) == (2, 2)
    registry.rollouts.act(registry.rollouts.latest("houses"), Decision(move=Move.TURN_BACK, reason="slow"))
    catalog.refresh()
    assert catalog.get(HOUSES) is stable
    assert (noticed.loads, noticed.now) == (2, {stable})


@pytest.mark.parametrize("end", [Move.FINISH, None])
def test_the_version_that_a_rollout_came_from_is_let_go_of_when_that_has_ended(
    registry: Registry, end: Move | None
) -> None:
    for rule in ("houses", "cheap houses", "houses"):
        publish_rule(registry, "houses", rule)
    noticed = Noticed()
    catalog = Catalog(registry=registry, load=load_rule, observers=[noticed])
    catalog.get(HOUSES)
    roll_out(registry)
    catalog.refresh()
    assert set(map(str, noticed.now)) == {"houses@1", "houses@2"}
    if end is None:
        registry.promote(ModelRef.parse("houses@3"))
    else:
        registry.rollouts.act(registry.rollouts.latest("houses"), Decision(move=end, reason=""))
    catalog.refresh()
    assert noticed.now == {catalog.get(HOUSES)}


def test_what_is_pinned_follows_its_alias(registry: Registry) -> None:
    publish_rule(registry, "houses", "houses")
    noticed = Noticed()
    catalog = Catalog(registry=registry, load=load_rule, pinned=[HOUSES], observers=[noticed])
    catalog.warm()
    publish_rule(registry, "houses", "cheap houses", promote=Promotion.ALWAYS)
    catalog.refresh()
    assert set(map(str, noticed.now)) == {"houses@2"}
    registry.direct("houses", "champion", Traffic(shares=(Share(version=2, percent=90), Share(version=1, percent=10))))
    catalog.refresh()
    assert set(map(str, noticed.now)) == {"houses@1", "houses@2"}
    assert all(map(catalog.pinned, noticed.now))


@pytest.mark.parametrize("text", ["houses", "houses@3", "houses@staging"])
def test_something_pinned_that_there_is_not_is_a_fault_until_it_comes(registry: Registry, text: str) -> None:
    publish_rule(registry, "iris", "iris")
    ref = ModelRef.parse(text)
    catalog = Catalog(registry=registry, load=load_rule, pinned=[ref])
    catalog.warm()
    readiness = catalog.readiness()
    assert readiness.state == "degraded"
    assert [(fault.ref, fault.error.slug) for fault in readiness.faults] == [(ref, "model-not-found")]
    for _ in range(3):
        publish_rule(registry, "houses", "houses")
    registry.promote(ModelRef.parse("houses@2"), alias="staging")
    catalog.refresh()
    assert catalog.readiness().state == "ready"
    assert [served.name for served in catalog.loaded("houses")] == ["houses"]


def test_a_model_that_is_deleted_and_published_again_answers_anew(registry: Registry) -> None:
    publish_rule(registry, "houses", "houses")
    noticed = Noticed()
    catalog = Catalog(registry=registry, load=load_rule, observers=[noticed])
    catalog.get(HOUSES)
    registry.drop_alias("houses", "champion")
    registry.delete("houses", 1)
    catalog.refresh()
    assert noticed.now == set()
    assert catalog.readiness().faults == ()
    with pytest.raises(ModelNotFound):
        catalog.get(HOUSES)
    publish_rule(registry, "houses", "cheap houses", promote=Promotion.ALWAYS)
    assert str(catalog.get(HOUSES)) == "houses@2"


def test_a_slow_load_holds_up_no_other_model_and_no_promotion(registry: Registry) -> None:
    for name in ("houses", "slow"):
        publish_rule(registry, name, "houses")
    held = Held("slow")
    catalog = Catalog(registry=registry, load=held)
    catalog.get(HOUSES)
    asking = [Thread(target=catalog.get, args=(ModelRef.parse("slow"),)) for _ in range(3)]
    for thread in asking:
        thread.start()
    wait_until(lambda: "slow" in held.begun)
    publish_rule(registry, "houses", "cheap houses", promote=Promotion.ALWAYS)
    catalog.refresh()
    assert catalog.get(HOUSES).number == 2
    held.go.set()
    for thread in asking:
        thread.join(20)
    assert held.begun.count("slow") == 1


def test_a_slow_version_is_named_while_the_old_one_answers_and_then_takes_its_place(registry: Registry) -> None:
    publish_rule(registry, "slow", "houses")
    held = Held("slow")
    held.go.set()
    catalog = Catalog(registry=registry, load=held)
    catalog.warm()
    held.go.clear()
    publish_rule(registry, "slow", "cheap houses", promote=Promotion.ALWAYS)
    catalog.refresh()
    (fault,) = catalog.readiness().faults
    assert (fault.error.slug, fault.wanted, fault.answering) == ("still-loading", 2, 1)
    assert catalog.get(ModelRef.parse("slow")).number == 1
    held.go.set()
    wait_until(lambda: len(catalog.loaded("slow")) == 2)
    catalog.refresh()
    assert catalog.get(ModelRef.parse("slow")).number == 2
    assert catalog.readiness().state == "ready"
    assert [served.number for served in catalog.loaded("slow")] == [2]


def test_a_request_waits_for_a_load_as_long_as_it_may(registry: Registry) -> None:
    publish_rule(registry, "slow", "houses")
    held = Held("slow")
    catalog = Catalog(registry=registry, load=held, limits=Limits(wait_seconds=0.05))
    with pytest.raises(StillLoading, match="slow@1 is being loaded since"):
        catalog.get(ModelRef.parse("slow@1"))
    with within(0.01), pytest.raises(DeadlineExceeded):
        catalog.get(ModelRef.parse("slow"))
    assert catalog.readiness().faults == ()
    held.go.set()
    wait_until(lambda: bool(catalog.loaded("slow")))
    assert catalog.get(ModelRef.parse("slow")).number == 1


def test_failures_and_loads_leave_nothing_behind(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("carafe.serving.loading.MOST_FAILURES", 5)
    assert MOST_FAILURES > 5
    for number in range(12):
        publish_rule(registry, f"broken-{number}", "corrupt")
    catalog = Catalog(registry=registry, load=load_rule)
    for number in range(12):
        with pytest.raises(CorruptArtefact):
            catalog.get(ModelRef.parse(f"broken-{number}"))
    loader = catalog._loader  # noqa: SLF001 - what is kept can be seen nowhere else
    assert len(loader._failures) == 5  # noqa: SLF001
    assert loader._loading == {}  # noqa: SLF001
    wait_until(lambda: not [thread for thread in threads() if thread.name == "carafe-load"])


def test_hundreds_of_models_answer_from_a_few_places_to_many_threads_and_are_let_go_of(registry: Registry) -> None:
    names = [f"model-{number}" for number in range(200)]
    for name in names:
        publish_rule(registry, name, "houses")
    noticed = Noticed()
    limits = Limits(bytes=10 * footprint(registry.resolve(ModelRef.parse(names[0])).manifest))
    catalog = Catalog(registry=registry, load=load_rule, limits=limits, observers=[noticed])
    models: list[weakref.ref[Model]] = []
    wrong: list[str] = []

    def ask(part: int) -> None:
        for turn in range(len(names)):
            name = names[(turn + 25 * part) % len(names)]
            served = catalog.get(ModelRef.parse(name))
            models.append(weakref.ref(served.model))
            if served.name != name:
                wrong.append(name)

    asking = [Thread(target=ask, args=(part,)) for part in range(8)]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join(60)
    assert wrong == []
    assert len(models) == 8 * 200
    catalog.refresh()
    assert sum(served.bytes for served in noticed.now) <= limits.bytes
    assert noticed.now == {served for name in names for served in catalog.loaded(name)}
    gc.collect()
    assert len({one for model in models if (one := model()) is not None}) <= len(noticed.now)


def test_loads_that_hang_give_their_places_up_to_others(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("carafe.serving.loading.HUNG_SECONDS", 0.05)
    hanging = [f"hanging-{number}" for number in range(AT_ONCE)]
    for name in [*hanging, "houses"]:
        publish_rule(registry, name, "houses")
    held = Held(*hanging)
    catalog = Catalog(registry=registry, load=held, limits=Limits(wait_seconds=0.01))
    for name in hanging:
        with pytest.raises(StillLoading):
            catalog.get(ModelRef.parse(name))
    answering: list[int] = []

    def answers() -> bool:
        with suppress(StillLoading):
            answering.append(catalog.get(HOUSES).number)
        return bool(answering)

    wait_until(answers)
    held.go.set()
    wait_until(lambda: all(catalog.loaded(name) for name in hanging))
    wait_until(lambda: not [thread for thread in threads() if thread.name == "carafe-load"])


def test_no_more_than_so_many_loads_go_on_however_many_hang(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("carafe.serving.loading.HUNG_SECONDS", 0.0)
    hanging = [f"hanging-{number}" for number in range(MOST_THREADS + 3)]
    for name in hanging:
        publish_rule(registry, name, "houses")
    held = Held(*hanging)
    catalog = Catalog(registry=registry, load=held, limits=Limits(wait_seconds=0.001))
    for name in hanging * 2:
        with pytest.raises(StillLoading):
            catalog.get(ModelRef.parse(name))
    assert len([thread for thread in threads() if thread.name == "carafe-load"]) <= MOST_THREADS
    held.go.set()
    wait_until(lambda: all(catalog.loaded(name) for name in hanging))
    wait_until(lambda: not [thread for thread in threads() if thread.name == "carafe-load"])


def test_a_failure_that_is_remembered_keeps_nothing_of_what_was_loaded_by_half(registry: Registry) -> None:
    class Half:
        """Something large that a load had made when it failed."""

    made: list[weakref.ref[Half]] = []

    def fail(_: Artefact) -> Model:
        half = Half()
        made.append(weakref.ref(half))
        try:
            int(repr(half))
        except ValueError as error:
            raise CorruptArtefact("does not repeat its golden predictions") from error
        raise AssertionError

    publish_rule(registry, "houses", "houses")
    catalog = Catalog(registry=registry, load=fail)
    catalog.warm()
    with pytest.raises(CorruptArtefact, match="golden"):
        catalog.get(HOUSES)
    gc.collect()
    assert [half() for half in made] == [None]
    (fault,) = catalog.readiness().faults
    assert (fault.error.slug, str(fault.error)) == ("corrupt-artefact", "does not repeat its golden predictions")
    assert fault.error.__traceback__ is None


@pytest.mark.parametrize("first", ["let go of", "answers"])
def test_a_version_that_is_let_go_of_while_an_alias_comes_to_need_it_is_counted(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    publish_rule(registry, "houses", "houses")
    noticed = Noticed()
    catalog = Catalog(registry=registry, load=load_rule, observers=[noticed])
    served = catalog.get(ModelRef.parse("houses@1"))
    kept = catalog._kept  # noqa: SLF001 - no request can be stopped between two steps of this
    drop = Shelf.drop

    def drop_later(shelf: Shelf, dropped: Served) -> None:
        kept.targets.put(HOUSES, served)
        drop(shelf, dropped)

    if first == "let go of":
        kept.shelf.drop(served)
        kept.answer(HOUSES, served)
    else:
        monkeypatch.setattr(Shelf, "drop", drop_later)
        kept.let_go(served)
    assert catalog.loaded("houses") == (served,)
    assert noticed.now == {served}
