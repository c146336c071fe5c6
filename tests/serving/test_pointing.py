from __future__ import annotations

from collections.abc import Iterator, Sequence
from threading import Event, Thread

import pytest

from carafe.errors import CarafeError, CorruptArtefact
from carafe.registry import Registry, Share, Traffic, memory_registry
from carafe.schema import ModelRef
from carafe.serving import Catalog, Observer, Served, Split
from carafe.serving.footprint import footprint
from carafe.serving.shelf import Limits
from sealed import untried
from served import load_rule, publish_rule

HOUSES = ModelRef.parse("houses")


class Noticed(Observer):
    def __init__(self) -> None:
        self.events: list[str] = []

    def swapped(self, alias: str, old: Served, new: Served) -> None:
        self.events.append(f"swapped {alias} {old} {new}")

    def dropped(self, served: Served) -> None:
        self.events.append(f"dropped {served}")


@pytest.fixture
def registry() -> Iterator[Registry]:
    found = untried(memory_registry())
    for rule in ("houses", "cheap houses", "cheap houses", "corrupt"):
        publish_rule(found, "houses", rule)
    yield found
    found.close()


def shared(*percents: tuple[int, float], shadows: tuple[int, ...] = ()) -> Traffic:
    return Traffic(shares=tuple(Share(version=one, percent=share) for one, share in percents), shadows=shadows)


def split_of(catalog: Catalog) -> Split:
    found = catalog.route(HOUSES)
    assert isinstance(found, Split)
    return found


def test_an_alias_of_several_versions_is_a_split_whose_versions_are_all_loaded(registry: Registry) -> None:
    catalog = Catalog(registry=registry, load=load_rule)
    registry.direct("houses", "champion", shared((1, 95), (2, 5), shadows=(3,)))
    catalog.warm()
    split = split_of(catalog)
    assert [str(one) for one in split.answering] == ["houses@1", "houses@2"]
    assert [str(one) for one in split.shadows] == ["houses@3"]
    assert catalog.get(HOUSES) is split.main
    assert catalog.readiness().loaded == 3
    assert catalog.route(HOUSES) is split
    assert catalog.route(ModelRef.parse("houses@2")) is split.answering[1]


def test_an_alias_becomes_a_split_and_one_version_again(registry: Registry) -> None:
    noticed = Noticed()
    catalog = Catalog(registry=registry, load=load_rule, observers=[noticed])
    assert str(catalog.route(HOUSES)) == "houses@1"
    registry.direct("houses", "champion", shared((1, 75), (2, 25)))
    catalog.refresh()
    assert split_of(catalog).main.number == 1
    assert noticed.events == []
    registry.promote(ModelRef.parse("houses@2"))
    catalog.refresh()
    assert str(catalog.route(HOUSES)) == "houses@2"
    assert noticed.events == ["swapped houses@champion houses@1 houses@2", "dropped houses@1"]


def test_a_split_of_which_a_version_can_not_be_loaded_does_not_replace_what_answers(registry: Registry) -> None:
    catalog = Catalog(registry=registry, load=load_rule)
    registry.direct("houses", "champion", shared((1, 90), (2, 10)))
    split = split_of(catalog)
    registry.direct("houses", "champion", shared((1, 50), (4, 50)))
    catalog.refresh()
    assert catalog.route(HOUSES) is split
    (fault,) = catalog.readiness().faults
    assert (str(fault.ref), fault.wanted, fault.answering) == ("houses@champion", 4, 1)
    registry.direct("houses", "champion", shared((1, 50), (3, 50)))
    catalog.refresh()
    assert [one.number for one in split_of(catalog).answering] == [1, 3]
    assert catalog.readiness().faults == ()


def test_the_main_version_answers_for_one_that_can_not_be_loaded_where_nothing_answered_before(
    registry: Registry,
) -> None:
    catalog = Catalog(registry=registry, load=load_rule)
    registry.direct("houses", "champion", shared((1, 20), (4, 80)))
    assert {split_of(catalog).choose().number for _ in range(50)} == {1}
    assert [fault.wanted for fault in catalog.readiness().faults] == [4]
    registry.direct("houses", "champion", shared((4, 80), (1, 20)))
    other = Catalog(registry=registry, load=load_rule)
    with pytest.raises(CorruptArtefact):
        other.route(HOUSES)


def test_a_shadow_that_can_not_be_loaded_is_left_out_and_told(registry: Registry) -> None:
    catalog = Catalog(registry=registry, load=load_rule)
    catalog.warm()
    registry.direct("houses", "champion", shared((2, 100), shadows=(4, 3)))
    catalog.refresh()
    split = split_of(catalog)
    assert split.main.number == split.choose().number == 2
    assert [one.number for one in split.shadows] == [3]
    assert [fault.wanted for fault in catalog.readiness().faults] == [4]


def test_a_request_that_comes_before_anything_is_loaded_does_not_wait_for_shadows(registry: Registry) -> None:
    catalog = Catalog(registry=registry, load=load_rule)
    registry.direct("houses", "champion", shared((1, 100), shadows=(2,)))
    assert split_of(catalog).versions == (split_of(catalog).main,)
    catalog.refresh()
    assert [one.number for one in split_of(catalog).shadows] == [2]


def test_traffic_that_did_not_change_keeps_its_split(registry: Registry) -> None:
    catalog = Catalog(registry=registry, load=load_rule)
    registry.direct("houses", "champion", shared((1, 90), (2, 10)))
    split = split_of(catalog)
    publish_rule(registry, "other", "houses")
    catalog.refresh()
    assert catalog.route(HOUSES) is split


def test_every_request_sees_the_old_traffic_or_the_new(registry: Registry) -> None:
    catalog = Catalog(registry=registry, load=load_rule)
    catalog.warm()
    ended, seen = Event(), set[str]()

    def ask() -> None:
        while not ended.is_set():
            found = catalog.route(HOUSES)
            seen.add(str(found.traffic) if isinstance(found, Split) else str(found))

    asking = Thread(target=ask)
    asking.start()
    for _ in range(20):
        registry.direct("houses", "champion", shared((2, 95), (3, 5)))
        catalog.refresh()
        registry.promote(ModelRef.parse("houses@1"))
        catalog.refresh()
    ended.set()
    asking.join(10)
    assert seen == {"houses@1", "version 2 95 %, version 3 5 %"}


def test_a_split_makes_room_as_a_whole_and_comes_back(registry: Registry) -> None:
    catalog = Catalog(registry=registry, load=load_rule, limits=Limits(versions=3))
    registry.direct("houses", "champion", shared((1, 90), (2, 10)))
    assert split_of(catalog).main.number == 1
    for name in ("second", "third"):
        publish_rule(registry, name, "houses")
        catalog.refresh()
        catalog.get(ModelRef.parse(name))
    assert catalog.readiness().loaded <= 3
    assert [one.number for one in split_of(catalog).answering] == [1, 2]


# --- versions that don't fit together ---


class Loads(Observer):
    """Writes down each load."""

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.refused: list[int] = []
        self.fitting = 0

    def loaded(self, served: Served, seconds: float) -> None:
        assert seconds >= 0
        self.numbers.append(served.number)

    def misfit(self, ref: ModelRef, number: int, error: CarafeError) -> None:
        assert (str(ref), error.slug) == ("houses@champion", "model-too-large")
        self.refused.append(number)

    def fits(self, ref: ModelRef) -> None:
        assert str(ref) == "houses@champion"
        self.fitting += 1


def tight(registry: Registry, loads: Loads, *, pinned: Sequence[str] = (), limits: Limits | None = None) -> Catalog:
    """Return a catalog in which one version and a half have room, if not said otherwise."""
    one = footprint(registry.resolve(HOUSES).manifest)
    return Catalog(
        registry=registry,
        load=load_rule,
        limits=limits or Limits(bytes=3 * one // 2),
        pinned=map(ModelRef.parse, pinned),
        observers=[loads],
    )


def ask_often(catalog: Catalog) -> None:
    for _ in range(25):
        catalog.route(HOUSES)
        catalog.refresh()


@pytest.mark.parametrize("limits", [None, Limits(versions=1)])
def test_versions_that_do_not_fit_together_are_told_and_the_main_one_answers(
    registry: Registry, limits: Limits | None
) -> None:
    loads = Loads()
    catalog = tight(registry, loads, limits=limits)
    registry.direct("houses", "champion", shared((1, 90), (2, 10), shadows=(3,)))
    ask_often(catalog)
    assert (loads.numbers, set(loads.refused)) == ([1], {2})
    assert len(loads.refused) < 5  # not once a look
    assert split_of(catalog).choose().number == 1
    (fault,) = catalog.readiness().faults
    assert (fault.wanted, fault.answering, fault.error.slug) == (2, 1, "model-too-large")
    assert "houses@1, houses@2 take about" in str(fault.error)
    registry.promote(ModelRef.parse("houses@2"))
    ask_often(catalog)
    assert (loads.numbers, catalog.get(HOUSES).number, catalog.readiness().faults) == ([1, 2], 2, ())
    assert loads.fitting == 1


def test_what_answers_goes_on_where_its_successors_do_not_fit_together(registry: Registry) -> None:
    loads = Loads()
    catalog = tight(registry, loads)
    assert catalog.get(HOUSES).number == 1
    registry.direct("houses", "champion", shared((2, 90), (3, 10)))
    ask_often(catalog)
    assert (loads.numbers, catalog.get(HOUSES).number) == ([1], 1)
    (fault,) = catalog.readiness().faults
    assert (fault.wanted, fault.answering, fault.error.slug) == (3, 1, "model-too-large")
    assert loads.fitting == 0
    registry.promote(ModelRef.parse("houses@1"))
    ask_often(catalog)
    assert (loads.numbers, loads.fitting) == ([1], 1)


def test_a_shadow_that_does_not_fit_beside_what_answers_is_left_out(registry: Registry) -> None:
    loads = Loads()
    catalog = tight(registry, loads)
    registry.direct("houses", "champion", shared((1, 100), shadows=(2,)))
    ask_often(catalog)
    assert loads.numbers == [1]
    assert split_of(catalog).shadows == ()
    assert [fault.wanted for fault in catalog.readiness().faults] == [2]


def test_versions_that_fit_but_for_what_is_pinned_do_not_fit(registry: Registry) -> None:
    publish_rule(registry, "iris", "houses")
    loads = Loads()
    catalog = tight(registry, loads, pinned=["iris"], limits=Limits(versions=2))
    catalog.warm()
    registry.direct("houses", "champion", shared((1, 90), (2, 10)))
    loads.numbers.clear()
    ask_often(catalog)
    assert loads.numbers == []
    assert [fault.wanted for fault in catalog.readiness().faults] == [2]


def test_versions_are_pinned_together_where_they_fit(registry: Registry) -> None:
    loads = Loads()
    catalog = tight(registry, loads, pinned=["houses", "houses@1"], limits=Limits(versions=2))
    catalog.warm()
    registry.direct("houses", "champion", shared((2, 90), (1, 10)))
    ask_often(catalog)
    assert sorted(loads.numbers) == [1, 2]
    assert split_of(catalog).main.number == 2
    assert catalog.readiness().faults == ()
