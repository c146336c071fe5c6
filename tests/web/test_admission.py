"""Who is let in at the door."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from carafe.serving.turnstile import Turnstile
from served import publish_rule
from web.conftest import House, build_house

ROW = '{"area": 50, "bedrooms": 3}'
LONG = "[" + ",".join([ROW] * 400) + "]"
MANY = "[" + ",".join(["[50,3]"] * 20) + "]"
"""As many rows as a run has, in 141 bytes."""
PATH = "/models/houses/predict"


@pytest.fixture
def house() -> Iterator[House]:
    one = build_house(queue_limit=1, wait_seconds=1, batch_rows=20)
    publish_rule(one.service.registry, "houses", "houses")
    yield one
    one.service.close()


def bodies(house: House) -> Turnstile:
    return house.service.bodies


def test_when_all_places_for_long_bodies_are_taken_short_ones_are_answered_and_long_ones_told_to_come_again(
    house: House,
) -> None:
    house.ask("POST", PATH, ROW)
    taken = [bodies(house).passing() for _ in range(16)]
    for place in taken:
        place.__enter__()
    assert house.ask_fast("POST", PATH, ROW).status == 200
    answer = house.ask_fast("POST", PATH, LONG)
    assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    assert "for others with long bodies" in answer.json["detail"]
    answer = house.ask_fast("POST", PATH, LONG, {"X-Request-Timeout": "50ms"})
    assert answer.status == 504
    assert house.ask("GET", "/models").status == 200
    for place in taken:
        place.__exit__(None, None, None)
    assert house.ask_fast("POST", PATH, LONG).status == 413  # too many rows: it was let in
    assert bodies(house).waiting == 0


def test_many_rows_in_a_short_body_need_a_place_and_few_rows_do_not(house: House) -> None:
    csv = "area,bedrooms\n" + "50,3\n" * 20
    with ExitStack() as places:
        for _ in range(16):
            places.enter_context(bodies(house).passing())
        for ask in (house.ask, house.ask_fast):
            for answer in (ask("POST", PATH, MANY), ask("POST", PATH, csv, {"Content-Type": "text/csv"})):
                assert (answer.status, answer.headers["retry-after"]) == (503, "1")
                assert "or many rows" in answer.json["detail"]
            assert ask("POST", PATH, MANY, {"X-Request-Timeout": "50ms"}).status == 504
            assert ask("POST", PATH, "[[50,3],[60,2]]").json == {"predictions": [8000.0, 8000.0]}
    assert len(house.ask_fast("POST", PATH, MANY).json["predictions"]) == 20


def test_features_of_however_few_rows_need_a_place(house: House) -> None:
    with ExitStack() as places:
        for _ in range(16):
            places.enter_context(bodies(house).passing())
        assert house.ask("POST", "/models/houses/transform", ROW).status == 503
    assert house.ask("POST", "/models/houses/transform", ROW).status == 200


def test_many_rows_in_a_long_body_need_no_second_place(house: House) -> None:
    with ExitStack() as places:
        for _ in range(15):
            places.enter_context(bodies(house).passing())
        assert house.ask_fast("POST", PATH, MANY + " " * 10_000).status == 200
