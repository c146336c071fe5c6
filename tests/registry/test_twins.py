"""The database and its in-memory twin do the same, whatever is asked of them in whatever order."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from carafe.database import open_database
from carafe.errors import CarafeError
from carafe.registry.gates import Gates
from carafe.registry.history import HistoryQuery
from carafe.registry.metadata import Draft, MetadataStore
from carafe.registry.metadata_memory import MemoryMetadata
from carafe.registry.metadata_sql import SqlMetadata
from carafe.registry.promotion import Opinion, Promotion, judge
from carafe.registry.query import Query, Sort
from carafe.registry.rollout_figures import Counts, Seen
from carafe.registry.traffic import Traffic
from carafe.schema import Task
from carafe.testing.metadata_examples import drop, example_manifest, point, shared
from carafe.testing.metadata_rollouts import begin, onwards
from own_postgres import OwnPostgres

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)

names = st.sampled_from(["a", "a-b", "b_c", "b.c"])
aliases = st.sampled_from(["champion", "staging", "blue"])
numbers = st.integers(1, 6)
traffics = st.builds(shared, st.just(95), st.just(5), shadows=st.sampled_from([(), (3,)]))
some_gates = st.sampled_from([Gates(), Gates(), Gates(worse_by=0.5), Gates(proof=True)])
queries = st.builds(
    Query,
    page=st.integers(1, 3),
    size=st.integers(1, 4),
    contains=st.sampled_from(["", "a", "B", "_", ".", "-b", "zz"]),
    task=st.sampled_from([None, *Task]),
    sort=st.sampled_from(Sort),
    descending=st.booleans(),
)


class Twins(RuleBasedStateMachine):
    """Both stores, side by side."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.added = 0

    @initialize()
    def begin(self) -> None:
        self.sql = SqlMetadata(open_database(self.folder))
        self.memory = MemoryMetadata()

    def same(self, act: Callable[[MetadataStore], object]) -> None:
        """Ask both, and expect the same answer or the same refusal in the same words."""
        assert outcome(act, self.sql) == outcome(act, self.memory)

    @rule(
        name=names,
        promotion=st.sampled_from([Promotion.FIRST_ONLY, Promotion.ALWAYS]),
        score=st.sampled_from([0.1, 0.5, 0.9]),
        task=st.sampled_from(Task),
        minutes=st.integers(0, 5),
        judged=some_gates,
    )
    def add(self, *, name: str, promotion: Promotion, score: float, task: Task, minutes: int, judged: Gates) -> None:
        self.added += 1
        manifest = example_manifest(score=score, task=task, holdout="same")
        draft = Draft(
            name=name,
            created=NOON + timedelta(minutes=minutes),
            digest=f"{self.added:064}",
            artefact=f"artefact-{self.added}",
            manifest=manifest,
        )
        self.same(lambda store: store.add(draft, judge=partial(judge, promotion, Opinion(gates=judged))))

    @rule(name=names, alias=aliases, number=numbers)
    def point(self, name: str, alias: str, number: int) -> None:
        self.same(lambda store: point(store, name, alias, number))

    @rule(
        name=names,
        alias=aliases,
        traffic=traffics,
        expected=st.one_of(st.none(), st.integers(0, 12)),
        judged=st.one_of(st.none(), some_gates),
    )
    def share(self, name: str, alias: str, traffic: Traffic, expected: int | None, judged: Gates | None) -> None:
        self.same(lambda store: point(store, name, alias, traffic, expected=expected, judged=judged))

    @rule(name=names, alias=aliases)
    def drop(self, name: str, alias: str) -> None:
        self.same(lambda store: drop(store, name, alias))

    @rule(name=names, number=numbers)
    def remove(self, name: str, number: int) -> None:
        self.same(lambda store: store.remove(name, number, when=NOON))

    @rule(name=names, gates=some_gates)
    def set_gates(self, name: str, gates: Gates) -> None:
        self.same(lambda store: store.set_gates(name, gates, when=NOON))

    @rule(name=names, alias=aliases, expected=st.one_of(st.none(), st.integers(0, 12)))
    def roll_out(self, name: str, alias: str, expected: int | None) -> None:
        self.same(lambda store: begin(store, name, alias=alias, expected=expected))

    @rule(name=names, alias=aliases, step=st.integers(0, 2), worker=st.sampled_from("ab"), answered=st.integers(0, 9))
    def follow(self, name: str, alias: str, step: int, worker: str, answered: int) -> None:
        def act(store: MetadataStore) -> object:
            found = store.rollouts.latest(name, alias).rollout
            seen = Seen(candidate=Counts(answered=answered, durations={answered: 1}))
            watched = store.rollouts.record(found, worker=worker, seen=seen, lasted=float(answered))
            return watched, store.rollouts.turn(found, onwards(found, step)), store.rollouts.active()

        self.same(act)
        self.same(lambda store: store.rollouts.past(name, size=2))

    @rule(name=names, alias=aliases, number=numbers)
    def find(self, name: str, alias: str, number: int) -> None:
        self.same(lambda store: store.version(name, number))
        self.same(lambda store: store.aliased(name, alias))
        self.same(lambda store: store.model(name))
        self.same(lambda store: store.alias(name, alias))
        self.same(lambda store: store.gates(name))

    @rule(query=queries, name=st.one_of(st.none(), names))
    def browse(self, query: Query, name: str | None) -> None:
        self.same(lambda store: store.models(query))
        if name is not None:
            self.same(lambda store: store.history(name, HistoryQuery(page=query.page, size=query.size)))
        self.same(lambda store: store.versions(query, name=name))

    @invariant()
    def both_know_the_same_artefacts_and_changes(self) -> None:
        if hasattr(self, "sql"):
            self.same(lambda store: store.artefacts())
            self.same(lambda store: store.generation())

    def teardown(self) -> None:
        if hasattr(self, "sql"):
            self.sql.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def outcome(act: Callable[[MetadataStore], object], store: MetadataStore) -> object:
    try:
        return act(store)
    except CarafeError as error:
        return (type(error), str(error))


Twins.TestCase.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
TestTwins = Twins.TestCase


def test_postgresql_does_the_same(postgres: OwnPostgres) -> None:
    class OnServer(Twins):
        """The same over a server, in fewer examples, as each begins with a new database."""

        @initialize()
        def begin(self) -> None:
            self.sql = SqlMetadata(open_database(self.folder, postgres.prepared()))
            self.memory = MemoryMetadata()

    run_state_machine_as_test(
        OnServer, settings=settings(max_examples=6, stateful_step_count=30, deadline=None, database=None)
    )
