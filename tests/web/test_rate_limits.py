"""A key that has asked as much as it may is told when it may ask again, whichever way it asks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from carafe.access import Rate, Role
from served import publish_rule
from web.conftest import House, build_house

HOUSE = '{"area": 50, "bedrooms": 3}'
PATH = "/models/houses/predict"


@pytest.fixture
def house() -> Iterator[House]:
    house = build_house(rate_limit="5/h")
    house.service.settings.home.mkdir()
    publish_rule(house.service.registry, "houses", "houses")
    yield house
    house.service.close()


def test_all_mounts_count_together(house: House) -> None:
    ways = (house.ask, house.ask_lane, house.ask_fast)
    statuses = [way("POST", PATH, HOUSE).status for _ in range(2) for way in ways]
    assert statuses == [200] * 5 + [429]


def test_the_refusal_says_what_the_key_may_ask_and_when_it_may_again(house: House) -> None:
    found = [house.ask("POST", PATH, HOUSE) for _ in range(6)][-1]
    assert found.json["type"].endswith("rate-limited")
    assert "the key 'administrator' may ask 5/h: try again in" in found.json["detail"]
    seconds = int(found.headers["retry-after"])
    assert 3600 - 60 < seconds <= 3600
    assert f"{seconds} s" in found.json["detail"]


def test_each_key_has_a_limit_of_its_own(house: House) -> None:
    for role in (Role.PREDICTOR, Role.OPERATOR):
        statuses = [house.ask("POST", PATH, HOUSE, {"X-API-Key": house.keys[role]}).status for _ in range(6)]
        assert statuses == [200] * 5 + [429]


def test_the_limit_of_a_key_wins_over_the_settings(house: House) -> None:
    key = house.service.keys.create(role=Role.PREDICTOR, rate=Rate(requests=2, seconds=60)).text
    assert [house.ask("POST", PATH, HOUSE, {"X-API-Key": key}).status for _ in range(3)] == [200, 200, 429]


def test_what_is_forbidden_counts_and_health_does_not(house: House) -> None:
    reader = {"X-API-Key": house.keys[Role.READER]}
    assert [house.ask("POST", PATH, HOUSE, reader).status for _ in range(6)] == [403] * 5 + [429]
    assert house.ask("GET", "/health/live", b"", reader).status == 200


def test_without_a_limit_nothing_is_counted() -> None:
    house = build_house()
    publish_rule(house.service.registry, "houses", "houses")
    assert {house.ask("POST", PATH, HOUSE).status for _ in range(50)} == {200}
    assert not house.service.settings.home.exists()
    house.service.close()
