"""What every MetadataStore must do with rollouts."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial

from carafe.errors import AliasChanged, ModelNotFound, RolloutConflict, RolloutNotFound, VersionInUse, VersionNotFound
from carafe.registry.history import Action, Change, Entry, HistoryQuery
from carafe.registry.metadata import MetadataStore
from carafe.registry.rollout import Plan, Rollout, State, share
from carafe.registry.rollout_figures import Counts, Seen, StepFigures
from carafe.registry.rollout_store import RolloutDraft, Turn
from carafe.registry.traffic import Traffic
from carafe.schema.exchange import CHAMPION
from carafe.testing.metadata_examples import NOON, MakeMetadata, add, drop, point, shared
from carafe.testing.raising import refused

PLAN = Plan(steps=(5.0, 25.0, 100.0), every=60.0, min_requests=10, max_slower=None)


def begin(store: MetadataStore, name: str = "houses", *, alias: str = CHAMPION, expected: int | None = None) -> Rollout:
    """Begin a rollout of version 2 where version 1 answers."""
    before = Traffic.to(1)
    change = Change(
        name=name,
        alias=alias,
        traffic=share(before, candidate=2, percent=5.0),
        action=Action.ROLLOUT,
        when=NOON + timedelta(minutes=10),
        by="ann",
        reason="a better one",
        expected=expected,
    )
    return store.rollouts.begin(RolloutDraft(stable=1, candidate=2, plan=PLAN, before=before, change=change))


def onwards(rollout: Rollout, step: int) -> Turn:
    """Return the turn to a step."""
    change = Change(
        name=rollout.name,
        alias=rollout.alias,
        traffic=rollout.traffic(step),
        action=Action.ROLLOUT,
        when=NOON + timedelta(minutes=20),
        expected=rollout.revision,
    )
    return Turn(state=State.RUNNING, step=step, when=change.when, change=change)


def ready(make: MakeMetadata) -> MetadataStore:
    """Return a store with two versions of a model, of which the first is champion."""
    store = make()
    for minutes in (1, 2):
        add(store, "houses", minutes=minutes)
    return store


def a_rollout_begins_with_its_first_share(make: MakeMetadata) -> None:
    """The alias and the rollout change together, and every field comes back."""
    store = ready(make)
    made = begin(store, expected=store.alias("houses", CHAMPION).revision)
    assert made == Rollout(
        id=made.id,
        name="houses",
        alias=CHAMPION,
        stable=1,
        candidate=2,
        plan=PLAN,
        before=Traffic.to(1),
        state=State.RUNNING,
        step=0,
        lasted=0.0,
        revision=store.alias("houses", CHAMPION).revision,
        began=NOON + timedelta(minutes=10),
        changed=NOON + timedelta(minutes=10),
        by="ann",
        reason="a better one",
    )
    assert store.alias("houses", CHAMPION).traffic == shared(95, 5)
    assert store.rollouts.active() == (made,)
    assert store.rollouts.latest("houses", CHAMPION).rollout == made
    entry = store.history("houses", HistoryQuery(size=1)).items[0]
    assert (entry.id, entry.action, entry.by, entry.reason) == (made.revision, Action.ROLLOUT, "ann", "a better one")


def an_alias_has_one_rollout_at_a_time(make: MakeMetadata) -> None:
    """A second one is refused and changes nothing; other aliases have theirs."""
    store = ready(make)
    made, before = begin(store), store.generation()
    refused(RolloutConflict, lambda: begin(store), "version 2")
    assert (store.generation(), store.rollouts.active()) == (before, (made,))
    point(store, "houses", "blue", 1)
    assert begin(store, alias="blue").id > made.id
    assert [each.alias for each in store.rollouts.active()] == [CHAMPION, "blue"]


def a_refused_begin_leaves_nothing(make: MakeMetadata) -> None:
    """Not where the model, the version or the revision is another one."""
    store = make()
    refused(ModelNotFound, lambda: begin(store))
    add(store, "houses")
    refused(VersionNotFound, lambda: begin(store), "2")
    add(store, "houses")
    refused(AliasChanged, lambda: begin(store, expected=10_000))
    assert store.rollouts.active() == ()
    refused(RolloutNotFound, lambda: store.rollouts.latest("houses", CHAMPION), "houses@champion")
    refused(ModelNotFound, lambda: store.rollouts.latest("house", CHAMPION))
    refused(ModelNotFound, lambda: store.rollouts.past("house"))


def a_step_is_taken_once(make: MakeMetadata) -> None:
    """Of many who take it at once, one does; the alias moves with it, and the step begins to last anew."""
    store = ready(make)
    made = store.rollouts.record(begin(store), worker="a", seen=Seen(), lasted=61.0).rollout
    before = store.generation()
    with ThreadPoolExecutor(8) as pool:
        turned = list(pool.map(lambda _: store.rollouts.turn(made, onwards(made, 1)), range(16)))
    (taken,) = [each for each in turned if each is not None]
    assert (taken.step, taken.lasted, taken.state, taken.changed) == (
        1,
        0.0,
        State.RUNNING,
        NOON + timedelta(minutes=20),
    )
    found = store.alias("houses", CHAMPION)
    assert (found.traffic, found.revision, store.generation()) == (shared(75, 25), taken.revision, before + 1)
    assert store.rollouts.active() == (taken,)


def a_turn_expects_the_alias_as_it_was_seen(make: MakeMetadata) -> None:
    """Where that is at another revision the turn is refused, and neither the rollout nor the alias changes."""
    store = ready(make)
    made = begin(store)
    stopped = Turn(state=State.STOPPED, step=0, when=NOON, change=onwards(replace(made, revision=10_000), 0).change)
    before, generation = store.alias("houses", CHAMPION), store.generation()
    refused(AliasChanged, lambda: store.rollouts.turn(made, stopped), "10000", f"revision {made.revision}")
    assert (store.rollouts.active(), store.alias("houses", CHAMPION)) == ((made,), before)
    assert store.generation() == generation


def a_rollout_ends_and_another_may_begin(make: MakeMetadata) -> None:
    """What has ended takes no turn, and stays to be read."""
    store = ready(make)
    made, before = begin(store), store.generation()
    paused = store.rollouts.turn(made, Turn(state=State.PAUSED, step=0, when=NOON, outcome="paused by bob"))
    assert paused == replace(made, state=State.PAUSED, changed=NOON, outcome="paused by bob")
    assert store.rollouts.turn(made, onwards(made, 1)) is None
    assert store.generation() == before
    back = Change(name="houses", alias=CHAMPION, traffic=Traffic.to(1), action=Action.ROLLBACK, when=NOON)
    over = store.rollouts.turn(paused, Turn(state=State.TURNED_BACK, step=0, when=NOON, outcome="slow", change=back))
    assert over is not None
    assert (over.state, over.outcome, store.alias("houses", CHAMPION).revision) == (
        "turned-back",
        "slow",
        over.revision,
    )
    assert (store.rollouts.active(), store.rollouts.turn(over, onwards(over, 1))) == ((), None)
    again = begin(store)
    page = store.rollouts.past("houses", size=1)
    assert (page.items, page.total, store.rollouts.past("houses", page=2, size=1).items) == ((again,), 2, (over,))


def the_end_of_a_rollout_is_a_change(make: MakeMetadata) -> None:
    """Who follows the generation number learns of it even where the alias stays as it is."""
    store = ready(make)
    made = begin(store)
    last = store.rollouts.turn(made, onwards(made, 2))
    assert last is not None
    before = store.generation()
    done = store.rollouts.turn(last, Turn(state=State.DONE, step=2, when=NOON))
    assert done is not None
    assert (done.state, store.generation()) == (State.DONE, before + 1)


def whoever_changes_the_alias_overtakes_its_rollout(make: MakeMetadata) -> None:
    """The rollout ends with the change, and never writes over it."""
    store = ready(make)
    point(store, "houses", "blue", 1)
    promoted: Callable[[], Entry] = lambda: point(store, "houses", CHAMPION, 1)  # noqa: E731 - beside the other one
    dropped: Callable[[], Entry] = lambda: drop(store, "houses", CHAMPION)  # noqa: E731
    for change in (promoted, dropped):
        made = begin(store)
        point(store, "houses", "blue", 2)
        assert store.rollouts.active() == (made,)
        entry = change()
        found = store.rollouts.latest("houses", CHAMPION).rollout
        assert (found.state, found.changed, entry.action.value in found.outcome) == (State.OVERTAKEN, entry.when, True)
        assert store.rollouts.turn(made, onwards(made, 1)) is None
        assert store.rollouts.active() == ()
        assert store.history("houses", HistoryQuery(size=1)).items[0] == entry


def what_a_rollout_needs_stays_until_it_has_ended(make: MakeMetadata) -> None:
    """At its last step no alias points at the stable version any more, and it may still have to turn back to it."""
    store = ready(make)
    add(store, "houses", minutes=3)
    made = begin(store)
    last = store.rollouts.turn(made, onwards(made, 2))
    assert last is not None
    assert store.alias("houses", CHAMPION).traffic == Traffic.to(2)
    before = store.generation()
    for number in (1, 2):
        refused(
            VersionInUse,
            partial(store.remove, "houses", number, when=NOON),
            f"houses@{number} is part of a rollout on {CHAMPION}",
            "stop the rollout first",
        )
    assert store.generation() == before
    assert store.remove("houses", 3, when=NOON).number == 3
    back = Change(name="houses", alias=CHAMPION, traffic=Traffic.to(1), action=Action.ROLLBACK, when=NOON)
    assert store.rollouts.turn(last, Turn(state=State.TURNED_BACK, step=2, when=NOON, change=back)) is not None
    assert store.remove("houses", 2, when=NOON).number == 2


def what_workers_saw_adds_up(make: MakeMetadata) -> None:
    """Each writes its own row anew, step by step; it is no change of the registry, and outlives the rollout."""
    store = ready(make)
    made, before = begin(store), store.generation()
    some = Seen(stable=Counts(answered=5, durations={3: 5}), candidate=Counts(answered=1, failed=2, durations={4: 1}))
    for _ in range(2):
        store.rollouts.record(made, worker="a", seen=some, lasted=1.5)
    found = store.rollouts.record(made, worker="b", seen=Seen(stable=Counts(answered=1), unloadable="torn"), lasted=1.0)
    assert found.rollout == replace(made, lasted=1.5)
    candidate, stable = some.candidate, Counts(answered=6, durations={3: 5})
    first = StepFigures(step=0, workers=2, stable=stable, candidate=candidate, unloadable="torn")
    assert found.figures == (first,)
    assert store.generation() == before
    taken = store.rollouts.turn(made, onwards(made, 1))
    assert taken is not None
    late = store.rollouts.record(made, worker="a", seen=some, lasted=99.0).rollout
    assert (late.step, late.lasted) == (1, 0.0)
    both = store.rollouts.record(taken, worker="a", seen=some, lasted=0.5)
    second = StepFigures(step=1, workers=1, stable=some.stable, candidate=candidate)
    assert (both.figures, both.rollout.lasted) == ((first, second), 0.5)
    point(store, "houses", CHAMPION, 1)
    over = store.rollouts.record(taken, worker="c", seen=Seen(), lasted=7.0)
    assert (over.rollout.state, over.rollout.lasted, over.figures[1].workers) == (State.OVERTAKEN, 0.5, 2)
    assert store.rollouts.latest("houses", CHAMPION) == over
    refused(RolloutNotFound, lambda: store.rollouts.record(replace(made, id=99), worker="a", seen=Seen(), lasted=0.0))


ROLLOUT_CHECKS: tuple[Callable[[MakeMetadata], None], ...] = (
    a_rollout_begins_with_its_first_share,
    an_alias_has_one_rollout_at_a_time,
    a_refused_begin_leaves_nothing,
    a_step_is_taken_once,
    a_turn_expects_the_alias_as_it_was_seen,
    a_rollout_ends_and_another_may_begin,
    the_end_of_a_rollout_is_a_change,
    whoever_changes_the_alias_overtakes_its_rollout,
    what_a_rollout_needs_stays_until_it_has_ended,
    what_workers_saw_adds_up,
)
