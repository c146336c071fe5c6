"""What an alias is to have is loaded before it has it, whoever asks and whatever lets it in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from carafe.errors import AliasChanged, CorruptArtefact, LoadFailed, MissingExtra, StillLoading, StorageUnavailable
from carafe.models import Artefact, Model
from carafe.registry import Registry, Share, Traffic, Version, memory_registry
from carafe.schema import ModelRef
from served import load_rule, publish_rule

EXACT = {number: ModelRef(name="houses", version=number) for number in range(1, 5)}


class Loads:
    """Loads rule models, and fails as it was told to."""

    def __init__(self) -> None:
        self.count = 0
        self.error: Exception | None = None

    def __call__(self, artefact: Artefact) -> Model:
        self.count += 1
        if self.error is not None:
            raise self.error
        return load_rule(artefact)


def run_short_of_memory(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let no artefact be fetched any more; return the list in which each attempt will be."""
    asked: list[str] = []

    def fetch(_: object, artefact: str) -> Path:
        asked.append(artefact)
        raise MemoryError

    monkeypatch.setattr(type(registry.artefacts), "fetch", fetch)
    return asked


@pytest.fixture
def loads() -> Loads:
    return Loads()


@pytest.fixture
def houses(loads: Loads) -> Iterator[Registry]:
    """Return a registry with four versions of houses: the first is champion, and the third can't be loaded."""
    found = replace(memory_registry(), load=loads)
    for rule in ("houses", "cheap houses", "corrupt", "houses"):
        publish_rule(found, "houses", rule)
    yield found
    found.close()


def shared(*numbers: int, shadows: tuple[int, ...] = ()) -> Traffic:
    percent = 100 / len(numbers)
    return Traffic(shares=tuple(Share(version=number, percent=percent) for number in numbers), shadows=shadows)


def damage(registry: Registry, number: int) -> None:
    """Put a version's files aside, as is done with what is found to be damaged."""
    registry.artefacts.quarantine(registry.resolve(EXACT[number]).artefact)


def test_every_way_by_which_an_alias_comes_to_a_version_loads_it_first(houses: Registry) -> None:
    before = houses.alias("houses")
    with pytest.raises(CorruptArtefact):
        houses.promote(EXACT[3])
    with pytest.raises(CorruptArtefact):
        houses.promote(EXACT[3], alias="staging")
    with pytest.raises(CorruptArtefact):
        houses.direct("houses", "champion", shared(1, 3))
    with pytest.raises(CorruptArtefact):
        houses.direct("houses", "champion", shared(1, shadows=(3,)))
    with pytest.raises(CorruptArtefact):
        houses.rollouts.begin("houses", 3)
    assert houses.alias("houses") == before
    assert not houses.rollouts.active()


def test_only_what_the_alias_has_not_yet_is_loaded(houses: Registry, loads: Loads) -> None:
    houses.direct("houses", "champion", shared(1, 2, shadows=(4,)))
    assert loads.count == 2
    houses.direct("houses", "champion", shared(2, 1, shadows=(4,)))
    houses.promote(EXACT[2])
    assert loads.count == 2
    houses.direct("houses", "champion", shared(2, shadows=(4,)))
    houses.promote(EXACT[4])  # it was asked along, where it could be loaded
    assert loads.count == 4


def test_what_was_seen_matters_before_what_can_be_loaded(houses: Registry, loads: Loads) -> None:
    seen = houses.alias("houses").revision
    houses.promote(EXACT[2])
    count = loads.count
    with pytest.raises(AliasChanged):
        houses.promote(EXACT[3], expected=seen)
    assert loads.count == count


def test_a_forced_change_is_made_and_says_that_the_load_failed(houses: Registry) -> None:
    entry = houses.promote(EXACT[3], force=True, reason="on its way")
    assert (entry.forced, entry.reason) == (
        True,
        "on its way; against a load that failed: the stored model is damaged or was changed (corrupt-artefact)",
    )
    entry = houses.promote(EXACT[2], force=True, reason="whole")
    assert (entry.forced, entry.reason) == (False, "whole")


def test_a_library_that_raises_what_it_likes_is_told_in_our_words(houses: Registry, loads: Loads) -> None:
    loads.error = ModuleNotFoundError("No module named 'lightgbm'", name="lightgbm")
    with pytest.raises(MissingExtra, match="lightgbm"):
        houses.promote(EXACT[2])
    for error in (ZeroDivisionError("off"), MemoryError("off"), OSError("off"), ImportError("off")):
        loads.error = error
        with pytest.raises(LoadFailed, match=rf"houses@2 can't be loaded here \({type(error).__name__}: off\)"):
            houses.promote(EXACT[2])


def test_a_rollback_passes_by_the_damaged_but_not_what_only_this_process_cannot_load(
    houses: Registry, loads: Loads
) -> None:
    houses.promote(EXACT[2])
    houses.promote(EXACT[4])
    damage(houses, 2)
    entry = houses.rollback("houses", reason="complaints")
    assert (entry.after, entry.reason) == (Traffic.to(1), "complaints; passes by what is damaged: version 2")
    houses.promote(EXACT[4])
    assert houses.rollback("houses", force=True).after == Traffic.to(1), "what is damaged no force can load"
    houses.promote(EXACT[4])
    for error, told in (
        (StorageUnavailable("away"), StorageUnavailable),
        (MissingExtra("no lightgbm here"), MissingExtra),
        (MemoryError(), LoadFailed),
        (OSError(24, "too many open files"), LoadFailed),
        (ImportError("libgomp.so.1"), LoadFailed),
        (AttributeError("another release of a library"), LoadFailed),
        (CorruptArtefact("golden predictions: row 1 has answer 2, expected 3"), LoadFailed),
    ):
        loads.error = error
        with pytest.raises(told):
            houses.rollback("houses")
    assert houses.alias("houses").number == 4
    with pytest.raises(LoadFailed, match=r"houses@1 can't be loaded here, though its files are whole \(golden .*force"):
        houses.rollback("houses")
    entry = houses.rollback("houses", force=True)
    assert (entry.after, entry.forced) == (Traffic.to(1), True)


def test_a_rollback_asks_for_no_files_where_a_service_says_what_is_wrong(
    houses: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    houses.promote(EXACT[2])

    def late(*_: object) -> None:
        raise StillLoading("houses@1 is still being loaded")

    service = replace(houses, trial=late)
    asked = run_short_of_memory(houses, monkeypatch)
    with pytest.raises(StillLoading):
        service.rollback("houses")
    assert service.rollback("houses", force=True).after == Traffic.to(1)
    assert asked == []


def test_a_machine_short_of_memory_finds_no_damage(houses: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    houses.promote(EXACT[2])
    asked = run_short_of_memory(houses, monkeypatch)
    with pytest.raises(LoadFailed, match=r"houses@1 can't be loaded here \(MemoryError: "):
        houses.rollback("houses")
    entry = houses.rollback("houses", force=True)
    assert (entry.after, entry.forced) == (Traffic.to(1), True)
    assert len(asked) == 2


def test_what_an_alias_loses_while_a_change_is_tried_is_loaded_too(houses: Registry) -> None:
    houses.direct("houses", "champion", shared(1, 2))
    asked: list[list[int]] = []

    def tried(_: ModelRef, __: Sequence[Version], fresh: Sequence[Version]) -> None:
        asked.append([version.number for version in fresh])
        if len(asked) == 1:
            houses.promote(EXACT[1])

    replace(houses, trial=tried).direct("houses", "champion", shared(2, 4))
    assert asked == [[4], [2, 4]]


def test_a_service_tries_in_its_own_way_with_all_that_must_be_loaded_at_once(houses: Registry) -> None:
    asked: list[tuple[str, list[int], list[int]]] = []
    service = replace(
        houses,
        trial=lambda ref, together, fresh: asked.append(
            (str(ref), [version.number for version in together], [version.number for version in fresh])
        ),
    )
    service.promote(EXACT[3], alias="staging")
    service.direct("houses", "champion", shared(1, 2))
    service.promote(EXACT[1])
    service.rollouts.begin("houses", 4)
    assert asked == [
        ("houses@staging", [3], [3]),
        ("houses@champion", [1, 2], [2]),
        ("houses@champion", [1, 4], [4]),
    ]
