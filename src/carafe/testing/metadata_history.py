"""What every MetadataStore must do with aliases that share requests, with revisions, history and gates."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from carafe.errors import AliasChanged, ModelNotFound, VersionInUse
from carafe.registry.gates import Gates
from carafe.registry.history import Action, HistoryQuery
from carafe.registry.traffic import Share, Traffic
from carafe.registry.version import Alias
from carafe.schema.exchange import CHAMPION
from carafe.testing.metadata_examples import NOON, MakeMetadata, add, drop, point, shared
from carafe.testing.raising import refused


def an_alias_shares_its_requests_among_versions(make: MakeMetadata) -> None:
    """Shares, shadows and what keeps a caller with one version come back as they were, also from the versions' side."""
    store = make()
    for _ in range(3):
        add(store, "houses")
    traffic = shared(99.95, 0.05, shadows=(3,), sticky="header:X-User")
    entry = point(store, "houses", CHAMPION, traffic, minutes=3)
    found = Alias(name=CHAMPION, traffic=traffic, revision=entry.id, changed=NOON + timedelta(minutes=3))
    assert store.alias("houses", CHAMPION) == found
    assert store.model("houses").aliases == (found,)
    assert store.aliased("houses", CHAMPION).number == 1
    percents = [[pointed.percent for pointed in store.version("houses", number).pointed] for number in (1, 2, 3)]
    assert percents == [[99.95], [0.05], [0.0]]
    for number in (2, 3):
        refused(VersionInUse, lambda number=number: store.remove("houses", number, when=NOON), CHAMPION)  # type: ignore[misc]
    turned = Traffic(shares=(Share(version=2, percent=50), Share(version=1, percent=50)))
    point(store, "houses", CHAMPION, turned)
    assert store.alias("houses", CHAMPION).traffic == turned
    point(store, "houses", CHAMPION, 2)
    assert store.remove("houses", 3, when=NOON).number == 3


def nobody_overwrites_what_they_have_not_seen(make: MakeMetadata) -> None:
    """A change that expects a revision is refused at any other one, and changes nothing."""
    store = make()
    for _ in range(2):
        add(store, "houses")
    seen = store.alias("houses", CHAMPION).revision
    moved = point(store, "houses", CHAMPION, 2, expected=seen)
    assert moved.id == store.alias("houses", CHAMPION).revision > seen
    before = store.generation()
    refused(
        AliasChanged, lambda: point(store, "houses", CHAMPION, 1, expected=seen), f"revision {moved.id}", "version 2"
    )
    refused(AliasChanged, lambda: drop(store, "houses", CHAMPION, expected=seen))
    refused(AliasChanged, lambda: point(store, "houses", CHAMPION, 1, expected=0), "none yet")
    refused(AliasChanged, lambda: point(store, "houses", "blue", 1, expected=seen), "no such alias")
    assert store.generation() == before
    assert store.aliased("houses", CHAMPION).number == 2
    first = point(store, "houses", "blue", 1, expected=0).id
    drop(store, "houses", "blue", expected=first)
    assert point(store, "houses", "blue", 1, expected=0).id > first


def the_history_tells_everything_that_was_done(make: MakeMetadata) -> None:
    """Who, when, from what to what and why; the latest first, and also after a model's last version is gone."""
    store = make()
    add(store, "houses", minutes=1)
    add(store, "houses", minutes=2)
    add(store, "other", minutes=2)
    point(store, "houses", CHAMPION, shared(95, 5), minutes=3)
    drop(store, "houses", CHAMPION)
    store.remove("houses", 1, when=NOON + timedelta(minutes=5), by="bob")
    store.set_gates("houses", Gates(proof=True), when=NOON + timedelta(minutes=6), by="cleo")
    page = store.history("houses", HistoryQuery())
    story = [(entry.action, entry.alias, entry.version, entry.before, entry.after) for entry in page.items]
    assert story == [
        (Action.GATES, None, None, None, None),
        (Action.DELETE, None, 1, None, None),
        (Action.DROP, CHAMPION, None, shared(95, 5), None),
        (Action.PROMOTE, CHAMPION, None, Traffic.to(1), shared(95, 5)),
        (Action.PUBLISH, None, 2, None, None),
        (Action.PROMOTE, CHAMPION, None, None, Traffic.to(1)),
        (Action.PUBLISH, None, 1, None, None),
    ]
    minutes = [(entry.when - NOON) / timedelta(minutes=1) for entry in page.items]
    assert minutes == [6, 5, 3, 3, 2, 1, 1]  # the alias was dropped "at noon", by a clock that was behind
    assert [entry.by for entry in page.items] == ["cleo", "bob", "", "ann", "", "", ""]
    assert page.items[3].reason == "tried it"
    assert page.items[5].reason == "champion: the model's first version"
    numbers = [entry.id for entry in page.items]
    assert numbers == sorted(set(numbers), reverse=True)
    store.remove("houses", 2, when=NOON)
    assert store.history("houses", HistoryQuery(size=1)).items[0].version == 2
    refused(ModelNotFound, lambda: store.history("house", HistoryQuery()))


def the_history_is_read_by_page_alias_and_moment(make: MakeMetadata) -> None:
    """What answered on some day is one look."""
    store = make()
    for minutes in (1, 2):
        add(store, "houses", minutes=minutes)
    for minutes, number in ((10, 2), (20, 1), (30, 2)):
        point(store, "houses", CHAMPION, number, minutes=minutes)
    point(store, "houses", "blue", 1, minutes=40)

    def answered(minutes: float) -> list[Traffic | None]:
        query = HistoryQuery(alias=CHAMPION, until=NOON + timedelta(minutes=minutes), size=1)
        return [entry.after for entry in store.history("houses", query).items]

    assert answered(0.9) == []
    assert [answered(minutes) for minutes in (1, 19.99, 20, 45)] == [[Traffic.to(number)] for number in (1, 2, 1, 2)]
    page = store.history("houses", HistoryQuery(alias=CHAMPION, page=2, size=3))
    assert ([entry.after for entry in page.items], page.total) == ([Traffic.to(1)], 4)


def gates_are_kept_for_each_model(make: MakeMetadata) -> None:
    """A model has none until they are set; they count as a change, and outlive its versions."""
    store = make()
    for name in ("a", "b"):
        add(store, name)
    assert not store.gates("a").any
    before, gates = store.generation(), Gates(worse_by=0.01, signature=True)
    store.set_gates("a", gates, when=NOON, by="ann")
    assert (store.gates("a"), store.gates("b"), store.generation() > before) == (gates, Gates(), True)
    refused(ModelNotFound, lambda: store.gates("c"))
    refused(ModelNotFound, lambda: store.set_gates("c", gates, when=NOON))
    drop(store, "a", CHAMPION)
    store.remove("a", 1, when=NOON)
    assert store.gates("a") == gates
    store.set_gates("a", Gates(), when=NOON)
    assert not store.gates("a").any


def a_change_is_made_under_the_gates_that_judged_it(make: MakeMetadata) -> None:
    """Where others are set by then it is refused, and nothing has changed; what was not judged is made."""
    store, gates = make(), Gates(proof=True)
    for _ in range(2):
        add(store, "houses")
    point(store, "houses", CHAMPION, 2, judged=Gates())
    store.set_gates("houses", gates, when=NOON)
    before = store.generation()
    refused(AliasChanged, lambda: point(store, "houses", CHAMPION, 1, judged=Gates()), "other gates (none)", "(proof)")
    assert (store.generation(), store.aliased("houses", CHAMPION).number) == (before, 2)
    assert point(store, "houses", CHAMPION, 1, judged=gates).after == Traffic.to(1)
    assert point(store, "houses", CHAMPION, 2).after == Traffic.to(2)


HISTORY_CHECKS: tuple[Callable[[MakeMetadata], None], ...] = (
    an_alias_shares_its_requests_among_versions,
    nobody_overwrites_what_they_have_not_seen,
    the_history_tells_everything_that_was_done,
    the_history_is_read_by_page_alias_and_moment,
    gates_are_kept_for_each_model,
    a_change_is_made_under_the_gates_that_judged_it,
)
