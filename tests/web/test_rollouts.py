"""Rollouts over REST, and what they do to the answers of a running service."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from carafe.access import Role
from carafe.registry import Traffic
from carafe.registry.gates import Gates
from carafe.schema import ModelRef
from served import publish_rule
from web.conftest import Answer, House, build_house

HOUSE = '{"area": 50, "bedrooms": 3}'
PATH = "/models/houses/aliases/champion/rollout"


@pytest.fixture
def house(empty_house: House) -> House:
    """A house with a champion, and whatever candidate a test publishes."""
    publish_rule(empty_house.service.registry, "houses", "houses")
    return empty_house


def begin(ask: Callable[..., Answer], **order: Any) -> Answer:  # noqa: ANN401 - JSON holds anything
    return ask("POST", PATH, json.dumps({"version": 2} | order))


def until(house: House, state: str, *, seconds: float = 30.0) -> Iterator[Answer]:
    """Yield answers of the champion until its rollout is in a state."""
    end = time.monotonic() + seconds
    while house.service.registry.rollouts.latest("houses").rollout.state != state:
        assert time.monotonic() < end, house.ask("GET", PATH).json
        yield house.ask_fast("POST", "/models/houses/predict", HOUSE)


def test_a_rollout_is_begun_shown_paused_resumed_and_stopped(house: House) -> None:
    publish_rule(house.service.registry, "houses", "cheap houses")
    begun = begin(house.ask, steps=[10, 100], every=3600, reason="cheaper")
    assert begun.status == 201, begun.json
    shown = house.ask("GET", PATH).json
    moving = {"lasted", "left", "doing", "figures", "began", "changed"}
    assert {name: value for name, value in shown.items() if name not in moving} == {
        "id": 1,
        "model": "houses",
        "alias": "champion",
        "stable": 1,
        "candidate": 2,
        "state": "running",
        "step": 1,
        "percent": 10.0,
        "plan": {"steps": [10.0, 100.0], "every": 3600.0, "min_requests": 100, "max_errors": 1.0, "max_slower": 2.0},
        "by": begun.json["by"],
        "reason": "cheaper",
        "outcome": "",
    }
    assert shown["by"].startswith("administrator (key ")
    assert str(house.service.registry.alias("houses").traffic) == "version 1 90 %, version 2 10 %"
    paused = house.ask("POST", f"{PATH}/pause").json
    assert (paused["state"], paused["doing"]) == ("paused", "paused")
    assert house.ask("POST", f"{PATH}/resume").json["state"] == "running"
    stopped = house.ask("DELETE", PATH)
    assert (stopped.status, stopped.json["state"]) == (200, "stopped")
    assert stopped.json["outcome"].startswith("stopped by administrator (key ")
    assert house.service.registry.alias("houses").traffic == Traffic.to(1)
    again = house.ask("DELETE", PATH)
    assert (again.status, again.json["type"]) == (409, "urn:carafe:problem:rollout-conflict")
    assert "has ended (stopped)" in again.json["detail"]
    page = house.ask("GET", "/models/houses/rollouts").json
    assert ([each["id"] for each in page["rollouts"]], page["total"], page["page_size"]) == ([1], 1, 50)
    assert house.ask("GET", "/models/houses/rollouts?page=2").json["rollouts"] == []


def told(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.json["type"].rpartition(":")[2]


def test_a_rollout_begins_and_ends_only_where_the_alias_is_what_was_seen(house: House) -> None:
    publish_rule(house.service.registry, "houses", "cheap houses")
    alias, order = "/models/houses/aliases/champion", json.dumps({"version": 2, "steps": [10, 100], "every": 3600})
    seen = house.ask("GET", alias).headers["etag"]
    assert told(house.ask("POST", PATH, order, {"If-Match": '"1000000"'})) == (412, "alias-changed")
    assert told(house.ask("POST", PATH, order, {"If-None-Match": "*"})) == (412, "alias-changed")
    assert told(house.ask("POST", PATH, order, {"If-Match": "seven"})) == (400, "invalid-parameter")
    assert house.ask("GET", alias).headers["etag"] == seen
    assert house.ask("POST", PATH, order, {"If-Match": seen}).status == 201
    begun = house.ask("GET", alias).headers["etag"]
    for stale in (seen, 'W/"1"', '"1", "2"'):
        assert told(house.ask("DELETE", PATH, "", {"If-Match": stale})) == (412, "alias-changed")
    assert told(house.ask("POST", PATH, order, {"If-Match": seen})) == (412, "alias-changed")
    assert house.service.registry.rollouts.latest("houses").rollout.state == "running"
    assert house.ask("GET", alias).headers["etag"] == begun
    assert house.ask("DELETE", PATH, "", {"If-Match": begun}).json["state"] == "stopped"
    assert told(house.ask("DELETE", PATH, "", {"If-Match": begun})) == (412, "alias-changed")
    assert told(house.ask("DELETE", PATH, "", {"If-Match": "*"})) == (409, "rollout-conflict")
    assert house.ask("POST", PATH, order, {"If-Match": "*"}).status == 201
    assert house.ask("DELETE", PATH, "", {"If-Match": "*"}).status == 200


@pytest.mark.parametrize(
    ("order", "status", "slug", "words"),
    [
        ({"steps": [25, 5, 100]}, 422, "invalid-rollout", "rising"),
        ({"every": -1}, 422, "invalid-rollout", "every: got -1"),
        ({"every": 0}, 422, "invalid-rollout", "every: got 0, expected more than 0"),
        ({"version": 1}, 422, "invalid-rollout", "begins where another version answers alone"),
        ({"version": 9}, 404, "version-not-found", "9"),
        ({"steps": "5,25,100"}, 422, "invalid-document", ""),
        ({"step": 5}, 422, "invalid-document", ""),
        ({"reason": "x" * 501}, 400, "invalid-parameter", "reason"),
    ],
)
def test_an_order_that_can_not_be_followed_is_refused_and_nothing_changes(
    house: House, order: dict[str, Any], status: int, slug: str, words: str
) -> None:
    publish_rule(house.service.registry, "houses", "cheap houses")
    answer = begin(house.ask, **order)
    assert (answer.status, answer.json["type"]) == (status, f"urn:carafe:problem:{slug}"), answer.json
    assert words in answer.json["detail"]
    assert house.service.registry.alias("houses").traffic == Traffic.to(1)
    none = house.ask("GET", PATH)
    assert (none.status, none.json["type"]) == (404, "urn:carafe:problem:rollout-not-found")


def test_what_can_not_be_loaded_or_does_not_pass_the_gates_takes_nothing_over(house: House) -> None:
    publish_rule(house.service.registry, "houses", "corrupt")
    assert begin(house.ask).status == 503
    publish_rule(house.service.registry, "houses", "cheap houses")
    house.service.registry.set_gates("houses", Gates(proof=True))
    refused = begin(house.ask, version=3)
    assert (refused.status, refused.json["type"]) == (409, "urn:carafe:problem:promotion-refused")
    assert begin(house.ask, version=3, force=True).status == 201
    assert house.service.registry.history("houses").items[0].forced


def test_readers_see_rollouts_and_only_who_may_promote_begins_or_ends_them(house: House) -> None:
    publish_rule(house.service.registry, "houses", "cheap houses")
    assert begin(house.ask, every=3600).status == 201
    reader = {"X-API-Key": house.keys[Role.READER]}
    assert house.ask("GET", PATH, "", reader).status == 200
    for method, path in (("POST", PATH), ("DELETE", PATH), ("POST", f"{PATH}/pause"), ("POST", f"{PATH}/resume")):
        assert house.ask(method, path, "", reader).status == 403


def test_a_candidate_that_fails_turns_back_within_moments(house: House) -> None:
    publish_rule(house.service.registry, "houses", "broken")
    assert begin(house.ask, steps=[25, 100], every=3600).status == 201
    statuses = [answer.status for answer in until(house, "turned-back")]
    assert set(statuses) <= {200, 500}
    found = house.ask("GET", PATH).json
    assert found["outcome"].endswith("requests of the candidate failed in step 1, at most 1 % may")
    assert found["figures"][0]["candidate"]["failed"] >= 3
    assert found["figures"][0]["stable"]["failed"] == 0
    assert house.service.registry.alias("houses").traffic == Traffic.to(1)
    time.sleep(0.6)  # the watch looks four times a second
    assert {house.ask("POST", "/models/houses/predict", HOUSE).status for _ in range(50)} == {200}
    metrics = house.ask("GET", "/metrics").body.decode()
    assert 'carafe_rollout_turns_total{alias="champion",model="houses",turn="turned-back"} 1.0' in metrics


def test_a_slow_candidate_turns_back_without_a_failed_request(house: House) -> None:
    publish_rule(house.service.registry, "houses", "slow houses")
    assert begin(house.ask, steps=[50, 100], every=3600, max_slower=3).status == 201
    assert {answer.status for answer in until(house, "turned-back", seconds=60)} == {200}
    assert "took longer than" in house.ask("GET", PATH).json["outcome"]


def test_a_candidate_that_refuses_what_the_champion_takes_turns_back(house: House) -> None:
    publish_rule(house.service.registry, "houses", "iris")
    assert begin(house.ask, steps=[50, 100], every=3600).status == 201
    assert {answer.status for answer in until(house, "turned-back")} <= {200, 422}
    assert "were refused" in house.ask("GET", PATH).json["outcome"]


def test_a_good_candidate_takes_over_without_a_failed_request(house: House) -> None:
    publish_rule(house.service.registry, "houses", "cheap houses")
    order = {"steps": [20, 100], "every": 0.5, "min_requests": 20, "max_slower": None}
    assert begin(house.ask, **order).status == 201
    answers = list(until(house, "done"))
    assert {answer.status for answer in answers} == {200}
    assert {answer.headers["x-carafe-model"] for answer in answers} == {"houses@1", "houses@2"}
    assert answers[-1].headers["x-carafe-model"] == "houses@2"


@pytest.mark.parametrize(
    ("default", "counted"),
    [("houses", True), ("houses@champion", True), ("houses@staging", False), ("houses@2", False)],
)
def test_requests_that_name_no_model_count_for_the_alias_that_is_their_default(
    default: str,
    counted: bool,  # noqa: FBT001 - a table's column
) -> None:
    house = build_house(default_model=default)
    registry = house.service.registry
    for rule in ("houses", "cheap houses"):
        publish_rule(registry, "houses", rule)
    registry.promote(ModelRef.parse("houses@2"), alias="staging")
    assert begin(house.ask, steps=[100], every=3600).status == 201
    for _ in range(2):
        time.sleep(1.2)  # the rollout is watched once a second
        for ask in (house.ask, house.ask_fast):
            assert ask("POST", "/predict", HOUSE).headers["x-carafe-model"] == "houses@2"
    house.service.close()
    figures = registry.rollouts.latest("houses").figures
    assert any(each.candidate.answered for each in figures) is counted


def test_no_rollout_begins_whose_versions_do_not_fit_together() -> None:
    house = build_house(max_loaded=1)
    for _ in range(2):
        publish_rule(house.service.registry, "houses", "houses")
    answer = begin(house.ask)
    assert (answer.status, answer.json["type"]) == (507, "urn:carafe:problem:model-too-large")
    assert house.service.registry.alias("houses").traffic == Traffic.to(1)
    house.service.close()
