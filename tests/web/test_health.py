from __future__ import annotations

import pytest

from carafe import __version__
from carafe.errors import StorageUnavailable
from carafe.registry import Promotion
from served import publish_rule
from web.conftest import House


def test_the_process_lives_and_says_which_carafe_it_is(empty_house: House) -> None:
    assert empty_house.ask("GET", "/health/live", b"", {"X-API-Key": ""}).json == {"status": "alive"}
    answer = empty_house.ask("GET", "/version", b"", {"X-API-Key": ""})
    assert answer.json == {"name": "carafe", "version": __version__}


def test_a_house_is_ready_once_its_champions_are_loaded(house: House) -> None:
    assert house.service.catalog.readiness().state == "starting"
    house.service.catalog.warm()
    answer = house.ask("GET", "/health/ready")
    assert (answer.status, answer.json) == (200, {"status": "ready", "faults": []})
    assert house.service.catalog.readiness().loaded == 5


def test_a_house_without_models_is_ready_to_be_given_some(empty_house: House) -> None:
    empty_house.service.catalog.warm()
    assert empty_house.ask("GET", "/health/ready").json == {"status": "ready", "faults": []}


def test_a_corrupt_champion_is_told_while_the_old_one_answers(house: House) -> None:
    catalog = house.service.catalog
    catalog.warm()
    publish_rule(house.service.registry, "houses", "corrupt", promote=Promotion.ALWAYS)
    catalog.refresh()
    answer = house.ask("GET", "/health/ready")
    assert answer.status == 200
    fault = {"problem": "corrupt-artefact", "title": "The stored model is damaged or was changed"}
    assert answer.json == {
        "status": "degraded",
        "faults": [fault | {"model": "houses@champion", "wanted": 2, "answering": 1}],
    }
    stranger = house.ask("GET", "/health/ready", b"", {"X-API-Key": ""})
    assert stranger.json == {"status": "degraded", "faults": [fault]}
    assert house.ask("POST", "/models/houses/predict", "[50, 3]").headers["x-carafe-model"] == "houses@1"


def test_a_house_whose_only_model_is_corrupt_is_not_ready(empty_house: House) -> None:
    publish_rule(empty_house.service.registry, "houses", "corrupt")
    empty_house.service.catalog.warm()
    answer = empty_house.ask("GET", "/health/ready")
    assert (answer.status, answer.json["status"]) == (503, "failing")
    assert answer.headers["content-type"] == "application/json"


def test_a_registry_that_can_not_be_read_is_told_while_models_answer(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.service.catalog.warm()

    def fail(*_: object) -> None:
        raise StorageUnavailable("/srv/home: disk I/O error")

    with monkeypatch.context() as patch:
        patch.setattr(type(house.service.registry), "generation", fail)
        house.service.catalog.refresh()
        answer = house.ask("GET", "/health/ready")
    assert (answer.status, answer.json["status"]) == (200, "degraded")
    assert [fault["problem"] for fault in answer.json["faults"]] == ["storage-unavailable"]
    assert "/srv" not in answer.body.decode()
    assert house.ask("POST", "/models/houses/predict", "[50, 3]").status == 200
    house.service.catalog.refresh()
    assert house.ask("GET", "/health/ready").json["status"] == "ready"
