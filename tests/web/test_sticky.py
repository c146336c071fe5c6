"""How requests are shared among versions, over every mount."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from carafe.registry import Share, Traffic
from carafe.serving import Answered, Finished, Observer
from served import everything, publish_rule
from web.conftest import Ask, House, build_house

HOUSE = '{"area": 50, "bedrooms": 3}'
CSV = {"Content-Type": "text/csv"}
PRICES = {"houses@1": 8000.0, "houses@2": 4000.0}


def share(
    house: House,
    percents: dict[int, float],
    *,
    sticky: str | None = None,
    shadows: Sequence[int] = (),
    name: str = "houses",
    alias: str = "champion",
) -> None:
    """Let an alias share its requests, with all its versions loaded."""
    shares = tuple(Share(version=number, percent=percent) for number, percent in percents.items())
    traffic = Traffic(shares=shares, sticky=sticky, shadows=tuple(shadows))
    house.service.registry.direct(name, alias, traffic)
    house.service.catalog.warm()
    house.service.catalog.refresh()


@pytest.fixture
def two(house: House) -> House:
    """The house with a second version of its houses."""
    publish_rule(house.service.registry, "houses", "cheap houses")
    return house


def test_a_caller_named_by_a_header_stays_with_a_version(ask_house: Ask, two: House) -> None:
    share(two, {1: 50, 2: 50}, sticky="header:X-User")
    seen = Counter[str]()
    for user in range(40):
        headers = {"X-User": f"user {user}"}
        answers = [ask_house("POST", "/models/houses/predict", HOUSE, headers) for _ in range(2)]
        version, again = (answer.headers["x-carafe-model"] for answer in answers)
        assert version == again
        assert answers[0].json == {"prediction": PRICES[version]}
        seen[version] += 1
    assert min(seen["houses@1"], seen["houses@2"]) >= 8


def test_a_growing_share_takes_callers_along_and_gives_none_back(ask_house: Ask, two: House) -> None:
    def tried() -> set[int]:
        return {
            user
            for user in range(60)
            if ask_house("POST", "/models/houses/predict", HOUSE, {"X-User": f"user {user}"}).headers["x-carafe-model"]
            == "houses@2"
        }

    found = []
    for percent in (5, 25, 75):
        share(two, {1: 100 - percent, 2: percent}, sticky="header:X-User")
        found.append(tried())
    assert found[0] < found[1] < found[2]


def bodies(area: float) -> list[tuple[str, dict[str, str]]]:
    """Return one house of an area in all the forms in which it may come first."""
    other = {"area": area + 1, "bedrooms": 3}
    return [
        (json.dumps({"area": area, "bedrooms": 3}), {}),
        (json.dumps({"bedrooms": 2, "area": float(area)}), {}),
        (json.dumps([area, 3]), {}),
        (json.dumps([{"area": area, "bedrooms": 3}, other]), {}),
        (json.dumps([[area, 3], [area + 1, 3]]), {}),
        (f"bedrooms,area\r\n3,{area}\r\n3,{area + 1}\r\n", CSV),
    ]


def test_a_field_of_the_first_record_keeps_a_caller_whatever_the_shape(ask_house: Ask, two: House) -> None:
    share(two, {1: 50, 2: 50}, sticky="field:area")
    seen = Counter[str]()
    for area in range(40, 52):
        answers = [ask_house("POST", "/models/houses/predict", body, headers) for body, headers in bodies(area)]
        assert {answer.status for answer in answers} == {200}
        (version,) = {answer.headers["x-carafe-model"] for answer in answers}
        seen[version] += 1
    assert len(seen) == 2


def test_every_entrance_to_an_alias_shares_and_an_explicit_version_never_does(ask_house: Ask, two: House) -> None:
    share(two, {1: 50, 2: 50}, sticky="header:X-User")
    share(two, {1: 50, 2: 50}, sticky="header:X-User", alias="staging")
    for name in ("iris", "everything", "broken", "nan"):
        two.service.registry.drop_alias(name, "champion")
        two.service.registry.delete(name, 1)
    two.service.catalog.refresh()
    for path in ("/predict", "/models/houses/predict", "/models/houses/aliases/staging/predict"):
        seen = {ask_house("POST", path, HOUSE, {"X-User": str(user)}).headers["x-carafe-model"] for user in range(30)}
        assert seen == set(PRICES), path
    for number in (1, 2):
        path = f"/models/houses/versions/{number}/predict"
        seen = {ask_house("POST", path, HOUSE, {"X-User": str(user)}).headers["x-carafe-model"] for user in range(10)}
        assert seen == {f"houses@{number}"}


def test_features_schemas_and_tables_are_the_main_versions(two: House) -> None:
    share(two, {2: 1, 1: 99})
    for _ in range(5):
        assert two.ask("POST", "/models/houses/transform", HOUSE).headers["x-carafe-model"] == "houses@2"
        assert two.ask("GET", "/models/houses/schema").headers["x-carafe-model"] == "houses@2"
        table = two.ask("POST", "/models/houses/score", "area,bedrooms\n50,3\n", CSV)
        assert (table.status, table.headers["x-carafe-model"]) == (200, "houses@2")


def test_without_a_header_each_request_draws(ask_house: Ask, two: House) -> None:
    share(two, {1: 50, 2: 50}, sticky="header:X-User")
    for headers in ({}, {"X-User": ""}, {"X-User": "  "}):
        seen = {
            ask_house("POST", "/models/houses/predict", HOUSE, headers).headers["x-carafe-model"] for _ in range(40)
        }
        assert seen == set(PRICES)


@pytest.mark.parametrize(
    ("body", "status"),
    [("{", 400), ("[]", 422), ('{"area": "x"}', 422), ("[" * 5000, 400), ("", 400), ("x" * 30_000, 413)],
)
def test_a_body_that_tells_no_field_is_refused_as_ever(ask_house: Ask, two: House, body: str, status: int) -> None:
    share(two, {1: 50, 2: 50}, sticky="field:area")
    assert ask_house("POST", "/models/houses/predict", body).status == status
    plain = {"Content-Type": "text/plain"}
    assert ask_house("POST", "/models/houses/predict", HOUSE, plain).status == 415


class Told(Observer):
    def __init__(self) -> None:
        self.versions: list[tuple[int | None, int]] = []
        self._answered: list[int] = []

    def answered(self, event: Answered) -> None:
        assert event.request.model.version == event.response.version
        self._answered.append(event.response.version)

    def finished(self, event: Finished) -> None:
        self.versions.append((event.served.number if event.served else None, self._answered[-1]))


def test_whoever_is_told_learns_of_the_version_that_answered() -> None:
    told = Told()
    house = build_house(observers=[told])
    for rule in ("houses", "cheap houses"):
        publish_rule(house.service.registry, "houses", rule)
    share(house, {1: 50, 2: 50})
    answers = [house.ask_fast("POST", "/models/houses/predict", HOUSE).headers["x-carafe-model"] for _ in range(20)]
    assert [f"houses@{number}" for number, _ in told.versions] == answers
    assert all(number == asked for number, asked in told.versions)
    text = house.ask("GET", "/metrics").body.decode()
    for number in (1, 2):
        line = f'carafe_model_requests_total{{model="houses",protocol="native",status="200",version="{number}"}}'
        count = float(text.partition(line)[2].split()[0])
        assert count == answers.count(f"houses@{number}")
    house.service.close()


def test_answers_that_are_kept_are_each_versions_own() -> None:
    house = build_house(cache="houses=100")
    for rule in ("houses", "cheap houses"):
        publish_rule(house.service.registry, "houses", rule)
    share(house, {1: 50, 2: 50})
    for _ in range(20):
        answer = house.ask_fast("POST", "/models/houses/predict", HOUSE)
        assert answer.json == {"prediction": PRICES[answer.headers["x-carafe-model"]]}
    house.service.close()


def test_a_canary_of_another_signature_judges_by_its_own(two: House) -> None:
    publish_rule(two.service.registry, "houses", "everything")
    share(two, {1: 50, 3: 50}, sticky="header:X-User")
    seen = set[tuple[Any, str, int]]()
    for user in range(30):
        for number, body in ((1, HOUSE), (3, json.dumps(everything()))):
            answer = two.ask_fast("POST", "/models/houses/predict", body, {"X-User": str(user)})
            seen.add((number, answer.headers.get("x-carafe-model", ""), answer.status))
    assert seen == {(1, "houses@1", 200), (3, "houses@3", 200), (1, "", 422), (3, "", 422)}
