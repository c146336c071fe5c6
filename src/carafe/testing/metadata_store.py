"""What every MetadataStore must do."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

from carafe.errors import AliasNotFound, InvalidParameter, ModelNotFound, VersionInUse, VersionNotFound
from carafe.registry.gates import Gates
from carafe.registry.metadata import Draft
from carafe.registry.promotion import Opinion, Promotion, Standing, Verdict, judge
from carafe.registry.query import Query, Sort
from carafe.registry.version import Pointed, Version
from carafe.schema import Task
from carafe.schema.exchange import CHAMPION
from carafe.testing.metadata_examples import NOON, MakeMetadata, add, drop, example_manifest, point
from carafe.testing.metadata_history import HISTORY_CHECKS
from carafe.testing.metadata_rollouts import ROLLOUT_CHECKS
from carafe.testing.raising import refused


def a_version_comes_back_as_it_was(make: MakeMetadata) -> None:
    """Every field survives, whichever way the version is asked for."""
    store, manifest = make(), example_manifest(task=Task.CLASSIFICATION, score=0.1 + 0.2)
    added = add(store, "houses", minutes=7, manifest=manifest)
    assert added == Version(
        name="houses",
        number=1,
        created=NOON + timedelta(minutes=7),
        digest=f"{7:064x}",
        manifest=manifest,
        pointed=(Pointed(alias=CHAMPION, percent=100),),
        artefact="houses-7-0",
        verdict="champion: the model's first version",
    )
    assert store.version("houses", 1) == store.aliased("houses", CHAMPION) == added
    assert store.versions(Query(), name="houses").items == (added,)


def numbers_count_up_for_each_model_on_its_own(make: MakeMetadata) -> None:
    """Each model counts 1, 2, 3."""
    store = make()
    assert [add(store, name).number for name in ("a", "a", "b", "a", "b")] == [1, 2, 1, 3, 2]


def a_number_is_never_used_again(make: MakeMetadata) -> None:
    """Not after the last version was deleted, nor after all were."""
    store = make()
    for _ in range(3):
        add(store, "houses")
    store.remove("houses", 3, when=NOON)
    assert add(store, "houses").number == 4
    drop(store, "houses", CHAMPION)
    for number in (1, 2, 4):
        store.remove("houses", number, when=NOON)
    again = add(store, "houses")
    assert (again.number, again.aliases) == (5, (CHAMPION,))


def a_refused_verdict_leaves_nothing(make: MakeMetadata) -> None:
    """When the judge raises there is no version, no number is used up, and nothing has changed."""
    store = make()
    add(store, "houses")
    before = store.generation()

    def broken(_standing: Standing) -> Verdict:
        raise KeyError

    for name in ("houses", "fresh"):
        draft = Draft(name=name, created=NOON, digest="", artefact=f"x-{name}", manifest=example_manifest())
        refused(KeyError, lambda draft=draft: store.add(draft, judge=broken))  # type: ignore[misc]
    assert store.generation() == before
    assert add(store, "houses").number == 2
    refused(ModelNotFound, lambda: store.model("fresh"))
    assert add(store, "fresh").number == 1


def the_judge_sees_what_stands(make: MakeMetadata) -> None:
    """It is told whether the version is the first, which one is champion, and the gates, which outlive all versions."""
    store, seen = make(), list[Standing]()

    def watch(standing: Standing) -> Verdict:
        seen.append(standing)
        return Verdict(promote=standing.first, reason="seen")

    def add_watched(artefact: str) -> None:
        draft = Draft(name="houses", created=NOON, digest="", artefact=artefact, manifest=example_manifest())
        store.add(draft, judge=watch)

    add_watched("x")
    store.set_gates("houses", Gates(proof=True), when=NOON)
    add_watched("y")
    first = store.version("houses", 1)
    assert seen == [
        Standing(first=True, champion=None, gates=Gates()),
        Standing(first=False, champion=first, gates=Gates(proof=True), last=1),
    ]
    assert store.version("houses", 2).verdict == "seen"
    drop(store, "houses", CHAMPION)
    for number in (1, 2):
        store.remove("houses", number, when=NOON)
    add_watched("z")
    assert seen[2] == Standing(first=True, champion=None, gates=Gates(proof=True), last=2)


def an_alias_moves_in_one_step(make: MakeMetadata) -> None:
    """It points at one version at a time, and both versions show it."""
    store = make()
    for _ in range(2):
        add(store, "houses")
    point(store, "houses", "staging", 2)
    assert store.version("houses", 2).aliases == ("staging",)
    point(store, "houses", CHAMPION, 2)
    assert store.version("houses", 2).aliases == (CHAMPION, "staging")
    assert store.version("houses", 1).aliases == ()
    assert store.aliased("houses", CHAMPION).number == 2
    drop(store, "houses", "staging")
    assert store.version("houses", 2).aliases == (CHAMPION,)


def aliases_belong_to_their_model(make: MakeMetadata) -> None:
    """The same alias of two models points at two versions."""
    store = make()
    for name in ("a", "a", "b"):
        add(store, name)
    point(store, "a", "staging", 2)
    point(store, "b", "staging", 1)
    drop(store, "b", "staging")
    assert store.aliased("a", "staging").number == 2
    assert [(alias.name, alias.number) for alias in store.model("a").aliases] == [(CHAMPION, 1), ("staging", 2)]
    assert [(alias.name, alias.number) for alias in store.model("b").aliases] == [(CHAMPION, 1)]


def a_version_in_use_stays(make: MakeMetadata) -> None:
    """A version that an alias points at is not deleted; the error names the alias."""
    store = make()
    for _ in range(2):
        add(store, "houses")
    refused(
        VersionInUse,
        lambda: store.remove("houses", 1, when=NOON),
        "houses@1",
        CHAMPION,
        "promote another version first",
    )
    gone = store.version("houses", 2)
    assert store.remove("houses", 2, when=NOON) == gone
    refused(VersionNotFound, lambda: store.version("houses", 2))
    assert store.artefacts() == {store.version("houses", 1).artefact}


def what_is_not_there_is_named_with_what_is(make: MakeMetadata) -> None:
    """The errors say what was asked for and what there is."""
    store = make()
    refused(ModelNotFound, lambda: store.model("houses"), "no model 'houses'", "list of models")
    for _ in range(3):
        add(store, "houses")
    add(store, "other")
    refused(ModelNotFound, lambda: store.version("house", 1), "no model 'house'", "did you mean houses?")
    for act in (lambda: store.aliased("house", "x"), lambda: store.versions(Query(), name="house")):
        refused(ModelNotFound, act, "did you mean houses?")
    for change in (
        lambda: point(store, "house", "x", 1),
        lambda: drop(store, "house", "x"),
        lambda: store.remove("house", 1, when=NOON),
    ):
        refused(ModelNotFound, change, "did you mean houses?")
    refused(VersionNotFound, lambda: store.version("houses", 9), "houses has no version 9: it has 1, 2, 3")
    refused(VersionNotFound, lambda: point(store, "houses", "x", 9), "it has 1, 2, 3")
    refused(VersionNotFound, lambda: store.remove("houses", 9, when=NOON), "it has 1, 2, 3")
    refused(AliasNotFound, lambda: store.aliased("houses", "blue"), "no alias 'blue': it has champion")
    refused(AliasNotFound, lambda: drop(store, "houses", "blue"), "it has champion")
    drop(store, "houses", CHAMPION)
    refused(AliasNotFound, lambda: store.aliased("houses", CHAMPION), "it has none")


def the_generation_grows_with_every_change_and_no_other_act(make: MakeMetadata) -> None:
    """A watcher that sees the same number has missed nothing."""
    store, seen = make(), [-1]

    def changed() -> bool:
        seen.append(store.generation())
        return seen[-1] > seen[-2]

    assert changed()
    for change in (
        lambda: add(store, "houses"),
        lambda: add(store, "houses"),
        lambda: point(store, "houses", CHAMPION, 2),
        lambda: store.remove("houses", 1, when=NOON),
        lambda: drop(store, "houses", CHAMPION),
    ):
        change()
        assert changed()
    refused(VersionNotFound, lambda: store.remove("houses", 9, when=NOON))
    refused(AliasNotFound, lambda: drop(store, "houses", "blue"))
    refused(VersionNotFound, lambda: point(store, "houses", "blue", 9))
    store.versions(Query())
    assert not changed()


def models_are_listed_by_page_order_and_filter(make: MakeMetadata) -> None:
    """Pages, both orders, both directions, part of the name, and the task of the latest version."""
    store = make()
    add(store, "b_2", minutes=1)
    add(store, "a-1", minutes=2, manifest=example_manifest(task=Task.CLASSIFICATION))
    add(store, "b_2", minutes=3, manifest=example_manifest(task=Task.CLASSIFICATION))
    add(store, "c.3", minutes=0)

    def names(query: Query) -> list[str]:
        return [model.name for model in store.models(query).items]

    assert names(Query()) == ["a-1", "b_2", "c.3"]
    assert names(Query(descending=True)) == ["c.3", "b_2", "a-1"]
    assert names(Query(sort=Sort.CREATED)) == ["c.3", "b_2", "a-1"]
    assert names(Query(sort=Sort.CREATED, descending=True)) == ["a-1", "b_2", "c.3"]
    assert names(Query(task=Task.CLASSIFICATION)) == ["a-1", "b_2"]
    assert names(Query(contains="B")) == ["b_2"]
    assert names(Query(contains="_")) == ["b_2"]
    assert names(Query(size=2, page=2)) == ["c.3"]
    assert names(Query(page=9)) == []
    page = store.models(Query(size=2))
    assert (len(page.items), page.total, page.page, page.size) == (2, 3, 1, 2)
    model = store.model("b_2")
    assert (model.created, model.latest, model.versions) == (NOON + timedelta(minutes=1), 2, 2)
    assert model.task is Task.CLASSIFICATION


def a_walk_by_name_and_number_misses_nothing_beside_deletions(make: MakeMetadata) -> None:
    """What comes after an item is the same whether the item, or those before it, are still there or not."""
    store = make()
    for name in ("a", "a.b", "b", "c"):
        for _ in range(3):
            add(store, name)

    def after(name: str, number: int, *, size: int = 50) -> list[str]:
        return [str(version) for version in store.versions(Query(after=(name, number), size=size)).items]

    assert after("a", 2, size=2) == ["a@3", "a.b@1"]
    for number in (2, 3):
        store.remove("a", number, when=NOON)
    assert after("a", 2, size=2) == ["a.b@1", "a.b@2"]
    assert after("b", 3) == ["c@1", "c@2", "c@3"]
    assert after("c", 3) == []
    assert [model.name for model in store.models(Query(after=("a.b", 0))).items] == ["b", "c"]
    page = store.versions(Query(after=("b", 3)))
    assert page.total == 10
    refused(InvalidParameter, lambda: Query(after=("a", 1), descending=True), "after")


def a_model_without_versions_is_not_listed(make: MakeMetadata) -> None:
    """When the last version is deleted the model is no more, but for its numbers."""
    store = make()
    add(store, "houses")
    drop(store, "houses", CHAMPION)
    store.remove("houses", 1, when=NOON)
    assert store.models(Query()).total == 0
    assert store.versions(Query()).total == 0
    refused(ModelNotFound, lambda: store.model("houses"))
    refused(ModelNotFound, lambda: store.versions(Query(), name="houses"))


def versions_are_listed_by_page_order_and_filter(make: MakeMetadata) -> None:
    """One model's versions by number, whatever order is asked for; all models' by name or date."""
    store = make()
    for name, minutes in (("b", 5), ("a", 9), ("b", 1)):
        add(store, name, minutes=minutes)

    def found(query: Query, name: str | None = None) -> list[str]:
        return [str(version) for version in store.versions(query, name=name).items]

    assert found(Query(sort=Sort.CREATED), "b") == ["b@1", "b@2"]
    assert found(Query(descending=True), "b") == ["b@2", "b@1"]
    assert found(Query(size=1, page=2), "b") == ["b@2"]
    assert found(Query()) == ["a@1", "b@1", "b@2"]
    assert found(Query(sort=Sort.CREATED)) == ["b@2", "b@1", "a@1"]
    assert found(Query(task=Task.CLASSIFICATION)) == []
    assert found(Query(contains="a")) == ["a@1"]


def racing_publishers_get_different_numbers(make: MakeMetadata) -> None:
    """However many threads add at once, no number is given twice, and one version is champion."""
    store, manifest = make(), example_manifest()

    def publish(number: int) -> int:
        draft = Draft(name="houses", created=NOON, digest="", artefact=f"x{number}", manifest=manifest)
        return store.add(draft, judge=partial(judge, Promotion.FIRST_ONLY, Opinion())).number

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(publish, range(24))) == list(range(1, 25))
    assert store.aliased("houses", CHAMPION).number == 1
    assert store.generation() == 24


METADATA_CHECKS: tuple[Callable[[MakeMetadata], None], ...] = (
    a_version_comes_back_as_it_was,
    numbers_count_up_for_each_model_on_its_own,
    a_number_is_never_used_again,
    a_refused_verdict_leaves_nothing,
    the_judge_sees_what_stands,
    an_alias_moves_in_one_step,
    aliases_belong_to_their_model,
    a_version_in_use_stays,
    what_is_not_there_is_named_with_what_is,
    the_generation_grows_with_every_change_and_no_other_act,
    models_are_listed_by_page_order_and_filter,
    a_walk_by_name_and_number_misses_nothing_beside_deletions,
    a_model_without_versions_is_not_listed,
    versions_are_listed_by_page_order_and_filter,
    racing_publishers_get_different_numbers,
    *HISTORY_CHECKS,
    *ROLLOUT_CHECKS,
)


def check_metadata_store(make: MakeMetadata) -> None:
    """Run every check, each on a fresh store; raise AssertionError at the first broken promise."""
    for check in METADATA_CHECKS:
        check(make)
