"""How long a client waits, and that nothing reaches a model after that."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import pytest

from carafe.access import Role, memory_keys
from carafe.errors import InvalidParameter
from carafe.jobs.scoring.reply import Broken
from carafe.models import Features
from carafe.registry import memory_registry
from carafe.schema import Prediction, Rows, Signature
from carafe.settings import Settings
from carafe.web import create_app
from carafe.web.budget import budget_of, read_timeout
from carafe.web.service import build_service
from served import HOUSES, publish_rule
from web.conftest import Answer, House

ROW = '{"area": 50, "bedrooms": 3}'
PREDICT, TRANSFORM, SCORE = (f"/models/houses/{what}" for what in ("predict", "transform", "score"))


@pytest.mark.parametrize(
    ("text", "seconds"), [("2", 2.0), ("0.5", 0.5), ("500ms", 0.5), ("2s", 2.0), (" 1.5 s ", 1.5), ("0", 0.0)]
)
def test_a_timeout_is_seconds_or_has_a_unit(text: str, seconds: float) -> None:
    assert read_timeout(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "-1", "1e3", "2m", "1,5", "nan", "inf", "\u0662", "9" * 10, "1.", "0x1"])
def test_any_other_timeout_is_refused(text: str) -> None:
    with pytest.raises(InvalidParameter, match="X-Request-Timeout: got"):
        read_timeout(text)


@pytest.mark.parametrize(
    ("text", "got"),
    [
        ("\xef\xbc\x90", r"'\xef\xbc\x90'"),
        ("2\t\x1b[0m", r"'2\t\x1b[0m'"),
        ("", "nothing, or other characters than ASCII"),
    ],
)
def test_what_came_is_told_and_nothing_in_it_is_obeyed(text: str, got: str) -> None:
    with pytest.raises(InvalidParameter) as refused:
        read_timeout(text)
    assert f"got {got}, expected seconds" in str(refused.value)


def test_the_smaller_of_both_headers_counts_and_an_unreadable_preference_is_none() -> None:
    told, preferred = "HTTP_X_REQUEST_TIMEOUT", "HTTP_PREFER"
    assert budget_of({}) is None
    assert budget_of({told: "2"}) == 2.0
    assert budget_of({preferred: "wait=3"}) == 3.0
    assert budget_of({told: "2", preferred: "wait=1"}) == 1.0
    assert budget_of({told: "2", preferred: "wait=3"}) == 2.0
    assert budget_of({told: "2", preferred: "wait=never"}) == 2.0
    assert budget_of({preferred: "wait=never"}) is None


@dataclass
class Counting:
    """A model that counts its calls and takes as long as it is told for each."""

    signature: Signature = HOUSES
    calls: int = 0
    seconds: float = 0.0

    def predict(self, rows: Rows, *, probabilities: bool = False) -> Prediction:
        assert not probabilities
        self.calls += 1
        time.sleep(self.seconds * rows.count)  # a row in company costs the same: asked directly
        return Prediction.of_lists([1.0] * rows.count)

    def transform(self, rows: Rows) -> Features:
        self.calls += 1
        return Features(names=("area",), matrix=rows.columns[0].reshape(-1, 1))


@pytest.fixture
def model() -> Counting:
    return Counting()


@pytest.fixture
def house(model: Counting) -> Iterator[House]:
    settings = Settings()
    keys = memory_keys()
    service = build_service(settings, registry=memory_registry(), keys=keys, load=lambda _: model)
    publish_rule(service.registry, "houses", "houses")
    app = create_app(settings, service=service)
    yield House(service=service, app=app, fast=app, keys={role: keys.create(role=role).text for role in Role})
    service.close()


def ask(house: House, path: str, timeout: str, body: str = ROW, kind: str = "application/json") -> Answer:
    return house.ask("POST", path, body, {"X-Request-Timeout": timeout, "Content-Type": kind})


def test_nothing_whose_time_is_over_reaches_the_model_by_any_way(house: House, model: Counting) -> None:
    assert ask(house, PREDICT, "60").status == 200
    calls = model.calls
    for _ in range(20):
        for path in (PREDICT, TRANSFORM, "/predict", "/models/houses/versions/1/predict"):
            answer = ask(house, path, "0ms")
            assert (answer.status, answer.json["type"]) == (504, "urn:carafe:problem:deadline-exceeded"), path
    assert ask(house, SCORE, "0", "area,bedrooms\n50,3\n", "text/csv").status == 504
    assert model.calls == calls


def test_a_malformed_timeout_is_told_before_anything_else_is_done(house: House, model: Counting) -> None:
    assert ask(house, PREDICT, "60").status == 200
    calls = model.calls
    answer = ask(house, PREDICT, "soon")
    assert answer.status == 400
    assert "X-Request-Timeout: got 'soon'" in answer.json["detail"]
    assert model.calls == calls


def test_a_table_whose_time_is_over_is_left_between_two_batches_and_says_so_in_its_last_record(
    house: House, model: Counting
) -> None:
    assert ask(house, PREDICT, "60").status == 200
    calls, model.seconds = model.calls, 1e-5
    table = "area,bedrooms\n" + "50,3\n" * 400_000
    headers = {"X-API-Key": house.keys[Role.ADMINISTRATOR], "X-Request-Timeout": "700ms", "Content-Type": "text/csv"}
    response = house.app.test_client().post(SCORE, data=table, headers=headers)
    pieces = b""
    with suppress(Broken):
        for piece in response.iter_encoded():
            pieces += piece
    assert b"the time that the client gave was over" in pieces.splitlines()[-1]
    assert model.calls - calls <= 20


def test_routes_that_take_no_rows_know_no_timeout(house: House) -> None:
    for path in ("/health/live", "/models", "/models/houses"):
        assert house.ask("GET", path, "", {"X-Request-Timeout": "soon"}).status == 200
