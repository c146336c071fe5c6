"""Which models are batched, which answers are kept, and that a swap disturbs neither."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Event

import pytest

from carafe.errors import ServerBusy
from carafe.models import Artefact, Features
from carafe.registry import Promotion, Registry, memory_registry
from carafe.schema import ModelRef, Prediction, PredictRequest, Rows, Signature
from carafe.serving import Catalog, Predictor
from carafe.serving.arrangement import Arrangement, company, turns
from carafe.serving.batcher import Batcher
from carafe.serving.observers import Observers
from carafe.settings import Settings
from served import HOUSES, load_rule, publish_rule
from serving.crowd import Asked, until

REF = ModelRef.parse("houses")


@dataclass
class Slow:
    """A model whose call costs a millisecond, however many rows it has; answers with its own number."""

    number: float
    signature: Signature = HOUSES
    held: Event = field(default_factory=Event)
    runs: int = 0

    def __post_init__(self) -> None:
        self.held.set()

    def predict(self, rows: Rows, *, probabilities: bool = False) -> Prediction:
        assert not probabilities
        self.runs += 1
        time.sleep(0.001)
        assert self.held.wait(10)
        return Prediction.of_lists([self.number] * rows.count)

    def transform(self, rows: Rows) -> Features:
        raise AssertionError(rows)


@pytest.fixture
def registry() -> Iterator[Registry]:
    found = memory_registry()
    publish_rule(found, "houses", "houses")
    yield found
    found.close()


def arrangement(registry: Registry, **settings: str | int) -> Arrangement:
    return Arrangement.of(Settings(**settings), registry=registry, observers=Observers())  # type: ignore[arg-type]


def test_a_quick_model_is_asked_directly(registry: Registry) -> None:
    catalog = Catalog(registry=registry, load=load_rule, arrange=arrangement(registry))
    served = catalog.get(REF)
    assert not served.batched
    assert not served.cached
    assert not isinstance(served.model, Batcher)
    assert served.costs is not None
    assert 0 < served.costs.alone < 0.1


def test_a_model_whose_calls_cost_more_than_its_rows_is_batched(registry: Registry) -> None:
    catalog = Catalog(registry=registry, load=lambda _: Slow(1.0), arrange=arrangement(registry))
    served = catalog.get(REF)
    assert served.batched
    assert isinstance(served.model, Batcher)


def test_requests_that_wait_to_share_a_run_are_counted_and_one_too_many_is_refused(registry: Registry) -> None:
    model, most = Slow(1.0), 3
    catalog = Catalog(registry=registry, load=lambda _: model, arrange=arrangement(registry, queue_limit=most))
    predictor, batcher = Predictor(catalog=catalog), catalog.get(REF).model
    assert isinstance(batcher, Batcher)
    model.held.clear()
    runs = model.runs
    asked = [Asked(lambda: ask(predictor))]
    until(lambda: model.runs > runs)
    asked += [Asked(lambda: ask(predictor)) for _ in range(most)]
    until(lambda: batcher.waiting == most)
    with pytest.raises(ServerBusy, match=f"{most} requests wait"):
        ask(predictor)
    model.held.set()
    assert [one.values for one in asked] == [[1.0]] * (most + 1)


def test_as_many_wait_as_fill_a_run_and_sixty_four_at_least_unless_told_otherwise() -> None:
    assert company(Settings()) == 128
    assert company(Settings(batch_rows=1000)) == 1000
    assert company(Settings(batch_rows=8)) == 64
    assert company(Settings(batch_rows=1000, queue_limit=7)) == 7


def test_sixty_four_requests_may_wait_for_their_turn_unless_told_otherwise() -> None:
    assert turns(Settings()) == 64
    assert turns(Settings(batch_rows=1000)) == 64
    assert turns(Settings(queue_limit=7)) == 7


def test_only_the_models_that_are_named_are_cached(registry: Registry) -> None:
    publish_rule(registry, "iris", "iris")
    catalog = Catalog(registry=registry, load=load_rule, arrange=arrangement(registry, cache="houses=10:60"))
    assert catalog.get(REF).cached
    assert not catalog.get(ModelRef.parse("iris")).cached


def test_a_swap_lets_those_who_wait_finish_with_the_version_they_asked(registry: Registry) -> None:
    models = [Slow(1.0), Slow(2.0)]
    loaded = iter(models)

    def load(_: Artefact) -> Slow:
        return next(loaded)

    catalog = Catalog(registry=registry, load=load, arrange=arrangement(registry))
    predictor = Predictor(catalog=catalog)
    old = catalog.get(REF)
    assert isinstance(old.model, Batcher)
    models[0].held.clear()
    runs = models[0].runs
    first = Asked(lambda: ask(predictor))
    until(lambda: models[0].runs > runs)
    asked = [first, *(Asked(lambda: ask(predictor)) for _ in range(5))]
    batcher = old.model
    until(lambda: batcher.waiting == 5)
    publish_rule(registry, "houses", "cheap houses", promote=Promotion.ALWAYS)
    catalog.refresh()
    assert list(ask(predictor).listed_values) == [2.0]
    models[0].held.set()
    assert [one.values for one in asked] == [[1.0]] * 6
    assert models[0].runs == runs + 2


def ask(predictor: Predictor) -> Prediction:
    rows = Rows.of_records(HOUSES, [[50.0, 3.0]])
    return predictor.predict(PredictRequest(model=REF, rows=rows)).prediction
