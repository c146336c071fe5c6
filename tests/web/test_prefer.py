from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from carafe.access import Role, memory_keys
from carafe.models import Features
from carafe.registry import memory_registry
from carafe.schema import Prediction, Rows, Signature
from carafe.settings import Settings
from carafe.web import create_app
from carafe.web.prefer import preferred_wait
from carafe.web.service import build_service
from served import HOUSES, publish_rule
from web.conftest import House


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("wait=10", 10.0),
        ("respond-async, wait=100", 100.0),
        ('WAIT="3"', 3.0),
        ("wait = 5; foo=bar", 5.0),
        ("wait=0", 0.0),
        (None, None),
        ("", None),
        ("wait", None),
        ("wait=soon", None),
        ("wait=-1", None),
        ("wait=1.5", None),
        ("wait=9999999", None),
        ("waiting=3", None),
        ("wait=²", None),
    ],
)
def test_only_a_whole_number_of_seconds_is_a_preference(header: str | None, seconds: float | None) -> None:
    assert preferred_wait(header) == seconds


@dataclass
class Slow:
    """A model whose call costs a millisecond, however many rows it has."""

    signature: Signature = HOUSES
    runs: int = 0

    def predict(self, rows: Rows, *, probabilities: bool = False) -> Prediction:
        assert not probabilities
        self.runs += 1
        time.sleep(0.001)
        return Prediction.of_lists([1.0] * rows.count)

    def transform(self, rows: Rows) -> Features:
        raise AssertionError(rows)


@pytest.fixture
def slow() -> Slow:
    return Slow()


@pytest.fixture
def house(slow: Slow) -> Iterator[House]:
    settings = Settings(fast_lane=False)
    keys = memory_keys()
    service = build_service(settings, registry=memory_registry(), keys=keys, load=lambda _: slow)
    publish_rule(service.registry, "houses", "houses")
    app = create_app(settings, service=service)
    yield House(service=service, app=app, fast=app, keys={role: keys.create(role=role).text for role in Role})
    service.close()


def test_a_request_that_may_not_wait_at_all_never_reaches_a_busy_model(house: House, slow: Slow) -> None:
    row = '{"area": 50, "bedrooms": 3}'
    assert house.ask("POST", "/models/houses/predict", row, {"Prefer": "wait=5"}).status == 200
    runs = slow.runs
    answer = house.ask("POST", "/models/houses/predict", row, {"Prefer": "wait=0"})
    assert (answer.status, answer.json["type"]) == (504, "urn:carafe:problem:deadline-exceeded")
    assert answer.json["detail"].startswith("houses@1: the time that the client gave was over")
    assert slow.runs == runs


def test_a_model_tells_which_of_its_versions_are_loaded_here_and_how_they_are_asked(house: House) -> None:
    assert house.ask("GET", "/models/houses").json["loaded"] == []
    house.ask("POST", "/models/houses/predict", '{"area": 50, "bedrooms": 3}')
    (loaded,) = house.ask("GET", "/models/houses").json["loaded"]
    assert (loaded["version"], loaded["batched"], loaded["cached"]) == (1, True, False)
    assert 0.001 <= loaded["seconds_alone"] <= loaded["seconds_together"] * 2
