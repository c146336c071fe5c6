"""A cached answer is for those who may ask the model, and tells nobody else that it is there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from carafe.access import Role, memory_keys
from carafe.registry import Promotion, memory_registry
from carafe.serving.observers import Looked, Observer
from carafe.settings import Settings
from carafe.web import create_app
from carafe.web.service import build_service
from served import load_rule, publish_rule
from web.conftest import Answer, House

ROW = '{"area": 50, "bedrooms": 3}'
OTHER = '{"area": 51, "bedrooms": 3}'


@dataclass
class Noticed(Observer):
    looks: list[tuple[str, int, int]] = field(default_factory=list)

    def looked(self, event: Looked) -> None:
        self.looks.append((event.name, event.hits, event.misses))


@pytest.fixture
def noticed() -> Noticed:
    return Noticed()


@pytest.fixture
def house(noticed: Noticed) -> Iterator[House]:
    """A house that keeps the answers of one of its two models."""
    settings = Settings(cache="houses=100:60", fast_lane=False)
    keys = memory_keys()
    service = build_service(settings, registry=memory_registry(), keys=keys, load=load_rule, observers=[noticed])
    for name in ("houses", "iris"):
        publish_rule(service.registry, name, name)
    app = create_app(settings, service=service)
    yield House(service=service, app=app, fast=app, keys={role: keys.create(role=role).text for role in Role})
    service.close()


def ask(house: House, body: str, *, key: str, mount: str) -> Answer:
    asked = house.ask if mount == "flask" else house.ask_lane
    return asked("POST", "/models/houses/predict", body, {"X-API-Key": key})


@pytest.mark.parametrize("mount", ["flask", "lane"])
def test_one_who_may_not_ask_learns_nothing_of_a_cached_answer(house: House, noticed: Noticed, mount: str) -> None:
    first, again = (ask(house, ROW, key=house.keys[Role.PREDICTOR], mount=mount) for _ in range(2))
    assert first.status == again.status == 200
    assert first.body == again.body
    assert noticed.looks == [("houses", 0, 1), ("houses", 1, 0)]
    for key, status in ((house.keys[Role.READER], 403), ("", 401), ("carafe_wrong_key", 401)):
        kept, new = (ask(house, row, key=key, mount=mount) for row in (ROW, OTHER))
        assert kept.status == new.status == status
        for answer in (kept, new):
            assert "price" not in answer.body.decode()
            assert not any("carafe" in name for name in answer.headers)
        told = [{k: v for k, v in answer.json.items() if k != "request_id"} for answer in (kept, new)]
        assert told[0] == told[1]
    assert len(noticed.looks) == 2


def test_everyone_who_may_ask_gets_the_same_answer(house: House, noticed: Noticed) -> None:
    answers = [
        ask(house, ROW, key=house.keys[role], mount="flask").json
        for role in (Role.PREDICTOR, Role.OPERATOR, Role.ADMINISTRATOR)
    ]
    assert answers[0] == answers[1] == answers[2]
    assert [hits for _, hits, _ in noticed.looks] == [0, 1, 1]


def test_a_promotion_answers_with_the_new_versions_own_answers(house: House, noticed: Noticed) -> None:
    key = house.keys[Role.PREDICTOR]
    old = ask(house, ROW, key=key, mount="flask").json
    publish_rule(house.service.registry, "houses", "cheap houses", promote=Promotion.ALWAYS)
    house.service.catalog.refresh()
    new = ask(house, ROW, key=key, mount="flask").json
    assert new != old
    assert noticed.looks == [("houses", 0, 1), ("houses", 0, 1)]


def test_a_model_that_is_not_named_is_not_cached(house: House, noticed: Noticed) -> None:
    for _ in range(2):
        assert house.ask("POST", "/models/iris/predict", "[1, 1, 3, 1]").status == 200
    assert noticed.looks == []
