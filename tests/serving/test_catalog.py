from __future__ import annotations

import gc
import time
import weakref
from collections.abc import Callable, Iterator
from threading import Barrier, Event, Thread

import pytest

from carafe.errors import (
    AliasNotFound,
    CorruptArtefact,
    LoadFailed,
    MissingExtra,
    ModelNotFound,
    NoDefaultModel,
    StorageUnavailable,
    VersionNotFound,
)
from carafe.models import Artefact, Model
from carafe.registry import Promotion, Registry, memory_registry
from carafe.schema import ModelRef
from carafe.serving import Catalog, Observer, Served
from carafe.serving.kept import MOST_UNPOINTED
from carafe.serving.shelf import Limits
from sealed import untried
from served import RuleModel, load_rule, publish_rule

HOUSES = ModelRef.parse("houses")


class Loads:
    """Counts loads, and can hold them back."""

    def __init__(self) -> None:
        self.artefacts: list[Artefact] = []
        self.go = Event()
        self.go.set()

    def __call__(self, artefact: Artefact) -> Model:
        self.artefacts.append(artefact)
        assert self.go.wait(10)
        return load_rule(artefact)


class Noticed(Observer):
    def __init__(self) -> None:
        self.events: list[str] = []

    def loaded(self, served: Served, seconds: float) -> None:
        assert seconds >= 0
        self.events.append(f"loaded {served}")

    def load_failed(self, name: str, number: int, error: Exception) -> None:
        self.events.append(f"failed {name}@{number} {type(error).__name__}")

    def swapped(self, alias: str, old: Served, new: Served) -> None:
        self.events.append(f"swapped {alias} {old} {new}")


@pytest.fixture
def registry() -> Iterator[Registry]:
    found = untried(memory_registry())
    yield found
    found.close()


@pytest.fixture
def loads() -> Loads:
    return Loads()


@pytest.fixture
def catalog(registry: Registry, loads: Loads) -> Catalog:
    return Catalog(registry=registry, load=loads)


def test_a_version_is_loaded_once_and_answers_from_then_on(registry: Registry, catalog: Catalog, loads: Loads) -> None:
    publish_rule(registry, "houses", "houses")
    served = catalog.get(HOUSES)
    assert str(served) == "houses@1"
    assert catalog.get(HOUSES) is served
    assert catalog.get(ModelRef.parse("houses@1")) is served
    assert catalog.get(None) is served
    assert len(loads.artefacts) == 1


def test_many_threads_wait_for_one_load(registry: Registry, catalog: Catalog, loads: Loads) -> None:
    publish_rule(registry, "houses", "houses")
    loads.go.clear()
    barrier, found = Barrier(9), []

    def ask() -> None:
        barrier.wait()
        found.append(catalog.get(HOUSES))

    threads = [Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    barrier.wait()
    loads.go.set()
    for thread in threads:
        thread.join(10)
    assert len(found) == 8
    assert len(set(map(id, found))) == 1
    assert len(loads.artefacts) == 1


def test_an_alias_follows_a_promotion_and_the_old_version_is_let_go(registry: Registry) -> None:
    noticed = Noticed()
    catalog = Catalog(registry=registry, load=load_rule, observers=[noticed])
    publish_rule(registry, "houses", "houses")
    old = weakref.ref(catalog.get(HOUSES).model)
    publish_rule(registry, "houses", "cheap houses", promote=Promotion.ALWAYS)
    assert catalog.get(HOUSES).number == 1
    catalog.refresh()
    assert catalog.get(HOUSES).number == 2
    assert noticed.events == ["loaded houses@1", "loaded houses@2", "swapped houses@champion houses@1 houses@2"]
    gc.collect()
    assert old() is None


def test_a_request_keeps_the_version_it_began_with(registry: Registry, catalog: Catalog) -> None:
    publish_rule(registry, "houses", "houses")
    held = catalog.get(HOUSES)
    publish_rule(registry, "houses", "cheap houses", promote=Promotion.ALWAYS)
    catalog.refresh()
    assert held.number == 1
    assert isinstance(held.model, RuleModel)


def test_a_version_that_can_not_be_loaded_never_replaces_one_that_answers(registry: Registry) -> None:
    noticed = Noticed()
    catalog = Catalog(registry=registry, load=load_rule, observers=[noticed])
    publish_rule(registry, "houses", "houses")
    catalog.warm()
    publish_rule(registry, "houses", "corrupt", promote=Promotion.ALWAYS)
    catalog.refresh()
    assert catalog.get(HOUSES).number == 1
    (fault,) = catalog.readiness().faults
    assert (str(fault.ref), fault.wanted, fault.answering) == ("houses@champion", 2, 1)
    assert noticed.events[-1] == "failed houses@2 CorruptArtefact"
    with pytest.raises(CorruptArtefact):
        catalog.get(ModelRef.parse("houses@2"))
    registry.promote(ModelRef.parse("houses@1"))
    catalog.refresh()
    assert catalog.readiness().faults == ()


def test_a_failed_load_is_not_repeated_for_every_request(registry: Registry, catalog: Catalog, loads: Loads) -> None:
    publish_rule(registry, "houses", "corrupt")
    for _ in range(5):
        with pytest.raises(CorruptArtefact):
            catalog.get(HOUSES)
    assert len(loads.artefacts) == 1


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (ModuleNotFoundError("No module named 'sklearn'", name="sklearn"), MissingExtra),
        (MemoryError("too big"), LoadFailed),
        (StorageUnavailable("disk"), StorageUnavailable),
    ],
)
def test_whatever_a_loader_raises_is_told_as_an_error_of_carafe(
    registry: Registry, raised: Exception, told: type[Exception]
) -> None:
    def fail(_: Artefact) -> Model:
        raise raised

    publish_rule(registry, "houses", "houses")
    with pytest.raises(told):
        Catalog(registry=registry, load=fail).get(HOUSES)


def test_what_is_deleted_is_no_longer_answered(registry: Registry, catalog: Catalog) -> None:
    publish_rule(registry, "houses", "houses")
    publish_rule(registry, "houses", "cheap houses")
    registry.promote(ModelRef.parse("houses@2"), alias="staging")
    staging = ModelRef.parse("houses@staging")
    assert catalog.get(staging).number == 2
    registry.drop_alias("houses", "staging")
    registry.delete("houses", 2)
    catalog.refresh()
    with pytest.raises(AliasNotFound):
        catalog.get(staging)
    with pytest.raises(VersionNotFound):
        catalog.get(ModelRef.parse("houses@2"))
    with pytest.raises(ModelNotFound):
        catalog.get(ModelRef.parse("nowhere"))


def test_an_alias_that_moves_while_a_request_loads_its_version_answers_with_the_new_one(
    registry: Registry, catalog: Catalog, loads: Loads
) -> None:
    publish_rule(registry, "houses", "houses")
    loads.go.clear()
    asking = Thread(target=catalog.get, args=(HOUSES,))
    asking.start()
    wait_until_begun(loads)
    publish_rule(registry, "houses", "cheap houses", promote=Promotion.ALWAYS)
    catalog.refresh()
    loads.go.set()
    asking.join(10)
    assert catalog.get(HOUSES).number == 2


def test_a_promotion_is_not_undone_by_a_warm_up_that_began_before_it(
    registry: Registry, catalog: Catalog, loads: Loads
) -> None:
    publish_rule(registry, "houses", "houses")
    loads.go.clear()
    warming = Thread(target=catalog.warm)
    warming.start()
    wait_until_begun(loads)
    publish_rule(registry, "houses", "cheap houses", promote=Promotion.ALWAYS)
    refreshing = Thread(target=catalog.refresh)
    refreshing.start()
    refreshing.join(0.2)  # long enough to end, if nothing held it back
    loads.go.set()
    warming.join(10)
    refreshing.join(10)
    assert catalog.get(HOUSES).number == 2


def wait_until_begun(loads: Loads) -> None:
    until = time.monotonic() + 10
    while not loads.artefacts:
        assert time.monotonic() < until
        time.sleep(0.001)


def test_versions_asked_for_by_number_do_not_pile_up(registry: Registry, catalog: Catalog) -> None:
    count = MOST_UNPOINTED + 5
    for _ in range(count):
        publish_rule(registry, "houses", "houses")
    catalog.get(HOUSES)
    for number in range(1, count + 1):
        assert catalog.get(ModelRef(name="houses", version=number)).number == number
    assert catalog.readiness().loaded <= MOST_UNPOINTED + 1
    assert catalog.get(HOUSES).number == 1


def test_the_default_is_the_chosen_model_or_the_only_one(registry: Registry, catalog: Catalog) -> None:
    with pytest.raises(NoDefaultModel, match="publish one"):
        catalog.get(None)
    publish_rule(registry, "houses", "houses")
    assert catalog.get(None).name == "houses"
    publish_rule(registry, "iris", "iris")
    catalog.refresh()
    with pytest.raises(NoDefaultModel, match="name one"):
        catalog.get(None)
    assert Catalog(registry=registry, load=load_rule, default_model="iris").get(None).name == "iris"


def test_loaded_models_answer_while_the_registry_can_not_be_read(
    registry: Registry, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_rule(registry, "houses", "houses")
    catalog.warm()

    def fail(*_: object, **__: object) -> None:
        raise OSError("gone")

    with monkeypatch.context() as patch:
        for method in ("generation", "resolve", "models", "default"):
            patch.setattr(Registry, method, fail)
        catalog.refresh()
        catalog.warm()
        assert catalog.get(HOUSES).number == 1
        assert isinstance(catalog.readiness().registry, StorageUnavailable)
    catalog.refresh()
    assert catalog.readiness().registry is None


def test_an_observer_that_fails_harms_nobody(registry: Registry, caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Observer):
        def loaded(self, served: Served, seconds: float) -> None:
            raise RuntimeError(f"{served} {seconds}")

    publish_rule(registry, "houses", "houses")
    noticed = Noticed()
    catalog = Catalog(registry=registry, load=load_rule, observers=[Broken(), noticed])
    assert catalog.get(HOUSES).number == 1
    assert noticed.events == ["loaded houses@1"]
    assert "the observer Broken failed" in caplog.text


def test_the_version_asked_least_recently_makes_room(registry: Registry, loads: Loads) -> None:
    catalog = Catalog(registry=registry, load=loads, limits=Limits(versions=3))
    names = ["houses", "second", "third", "fourth"]
    for name in names:
        publish_rule(registry, name, "houses")
    for name in names[:3]:
        catalog.get(ModelRef.parse(name))
    catalog.refresh()
    catalog.get(ModelRef.parse("houses"))
    catalog.get(ModelRef.parse("fourth"))
    assert catalog.readiness().loaded == 3
    assert len(loads.artefacts) == 4
    catalog.get(ModelRef.parse("houses"))
    catalog.get(ModelRef.parse("third"))
    assert len(loads.artefacts) == 4
    catalog.get(ModelRef.parse("second"))
    assert len(loads.artefacts) == 5


def test_many_models_answer_from_a_few_places(registry: Registry, loads: Loads) -> None:
    catalog = Catalog(registry=registry, load=loads, limits=Limits(versions=10))
    names = [f"model-{number}" for number in range(200)]
    for name in names:
        publish_rule(registry, name, "houses")
    held = catalog.get(ModelRef.parse(names[0]))
    for name in names:
        assert catalog.get(ModelRef.parse(name)).name == name
        assert catalog.readiness().loaded <= 10
    assert str(held) == "model-0@1"  # who holds a version that made room finishes with it
    catalog.refresh()
    assert catalog.readiness().loaded <= 10


def test_neither_the_default_model_nor_a_load_on_demand_lets_each_look_read_the_registry(
    registry: Registry, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_rule(registry, "houses", "houses")
    catalog.refresh()
    assert catalog.get(None).name == "houses"
    looked: list[str] = []

    def watched(method: str) -> Callable[..., object]:
        read = getattr(Registry, method)

        def look(*arguments: object, **named: object) -> object:
            looked.append(method)
            return read(*arguments, **named)

        return look

    for method in ("alias", "models", "resolve", "default"):
        monkeypatch.setattr(Registry, method, watched(method))
    for _ in range(5):
        catalog.refresh()
        assert catalog.get(None).name == "houses"
    assert looked == []
