"""Who is let in at the door."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from carafe.serving.turnstile import Turnstile
from served import publish_rule
from web.conftest import House, build_house

ROW = '{"area": 50, "bedrooms": 3}'
LONG = "[" + ",".join([ROW] * 400) + "]"
PATH = "/models/houses/predict"


@pytest.fixture
def house() -> Iterator[House]:
    one = build_house(queue_limit=1, wait_seconds=1)
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
