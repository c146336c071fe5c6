"""Nobody gets in without a key that permits it: every path, every verb, every bad credential."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from carafe.access import Permission, Role
from carafe.protocols.media import JSON_LINES
from carafe.registry.alias_documents import GatesDocument
from carafe.serving import Finished, Observer
from carafe.web.alias_documents import AliasChange, Turn
from carafe.web.blueprint import VERBS
from carafe.web.route import PUBLIC, Body
from carafe.web.routes import ROUTES
from served import publish_rule
from web.conftest import House, build_house

ALLOWED_TO_ALL = {"/health/live", "/health/ready", "/version", "/docs", "/docs/<asset>"}
HOUSE = '{"area": 50, "bedrooms": 3}'
BODIES: dict[object, str] = {AliasChange: '{"version": 1}', GatesDocument: "{}", Turn: "{}"}

CREDENTIALS: dict[str, dict[str, str]] = {
    "none": {},
    "empty key": {"X-API-Key": " "},
    "wrong key": {"X-API-Key": "carafe_0123456789_" + "a" * 43},
    "malformed key": {"X-API-Key": "admin"},
    "long key": {"X-API-Key": "carafe_" + "a" * 100_000},
    "non-ASCII key": {"X-API-Key": "carafe_é"},
    "empty bearer": {"Authorization": "Bearer "},
    "wrong bearer": {"Authorization": "Bearer carafe_0123456789_" + "a" * 43},
    "no scheme": {"Authorization": "carafe_0123456789_" + "a" * 43},
    "basic": {"Authorization": "Basic YWRtaW46YWRtaW4="},
    "alg none": {"Authorization": "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9."},
    "other headers": {"X-Forwarded-User": "admin", "X-Forwarded-For": "127.0.0.1", "Cookie": "session=admin"},
}

_ALIAS = "/models/<name>/aliases/<alias>"
WITHOUT_MORE = {
    f"{_ALIAS}/{what}" for what in ("rollback", "rollout", "rollout/pause", "rollout/resume", "rollout/stop")
}
"""What a model of one version, without a rollout, refuses to those who may."""


@pytest.fixture(scope="module")
def closed_house() -> Iterator[House]:
    house = build_house()
    publish_rule(house.service.registry, "houses", "houses")
    yield house
    house.service.close()


def filled(path: str) -> str:
    parts = {"<name>": "houses", "<number>": "1", "<alias>": "champion", "<asset>": "docs.js"}
    return "/".join(parts.get(part, part) for part in path.split("/"))


def rules(house: House) -> list[str]:
    return sorted({rule.rule for rule in house.app.url_map.iter_rules()})


def test_the_url_map_holds_the_route_table_and_nothing_else(closed_house: House) -> None:
    assert set(rules(closed_house)) == {route.path for route in ROUTES}


def test_only_the_short_allow_list_is_public() -> None:
    assert {route.path for route in ROUTES if route.permission is PUBLIC} == ALLOWED_TO_ALL
    assert all(route.method == "GET" for route in ROUTES if route.permission is PUBLIC)


@pytest.mark.parametrize("credential", CREDENTIALS)
def test_no_route_and_no_verb_answers_to_a_bad_credential(closed_house: House, credential: str) -> None:
    headers = {"X-API-Key": ""} | CREDENTIALS[credential]
    for path, verb in itertools.product(rules(closed_house), [*VERBS, "BREW"]):
        answer = closed_house.ask(verb, filled(path), HOUSE, headers)
        if path in ALLOWED_TO_ALL and verb in {"GET", "HEAD", "OPTIONS"}:
            continue
        assert answer.status in {401, 403, 404, 405}, (verb, path)
        assert b"houses@1" not in answer.body
        if answer.status == 401:
            assert answer.headers["www-authenticate"] == 'Bearer realm="carafe"'
        if verb != "HEAD":
            assert answer.json["status"] == answer.status


@pytest.mark.parametrize(
    "path",
    ["//models", "/models//", "/models/", "/./models", "/%6dodels", "/models%2fhouses", "/MODELS", "/models/..;/x"],
)
def test_no_spelling_of_a_path_goes_round_the_gate(closed_house: House, path: str) -> None:
    for verb in ("GET", "POST", "PUT", "DELETE"):
        assert closed_house.ask(verb, path, HOUSE, {"X-API-Key": ""}).status in {401, 403, 404, 405}


@pytest.mark.parametrize("role", list(Role))
def test_a_key_does_what_its_role_permits_and_nothing_more(role: Role) -> None:
    house = build_house()
    publish_rule(house.service.registry, "houses", "houses")
    key = {"X-API-Key": house.keys[role]}
    for route in ROUTES:
        if not isinstance(route.permission, Permission) or route.method == "DELETE":
            continue
        body = BODIES.get(route.takes, HOUSE if route.takes else "")
        kind = {"Content-Type": JSON_LINES} if route.takes is Body.TABLE else {}
        answer = house.ask(route.method, filled(route.path), body, key | kind)
        done = {200} if route.path not in WITHOUT_MORE else {404, 409, 422}
        assert answer.status in (done if route.permission in role.permissions else {403}), route.path
        if answer.status == 403:
            assert answer.json["type"] == "urn:carafe:problem:forbidden"
            assert role in answer.json["detail"]
    house.service.close()


@pytest.mark.parametrize("mount", ["flask", "mounted"])
def test_observers_learn_whose_key_it_was_that_was_refused(mount: str) -> None:
    class Listener(Observer):
        def finished(self, event: Finished) -> None:
            told.append((event.status, event.key))

    told: list[tuple[int, str | None]] = []
    house = build_house(observers=[Listener()])
    publish_rule(house.service.registry, "houses", "houses")
    key = house.keys[Role.MONITOR]
    ask = {"flask": house.ask, "mounted": house.ask_fast}[mount]
    ask("POST", "/models/houses/predict", HOUSE, {"X-API-Key": key})
    ask("PATCH", "/models/houses/predict", HOUSE, {"X-API-Key": key})
    ask("POST", "/models/houses/predict", HOUSE, {"X-API-Key": key + "x"})
    house.service.close()
    name = key.split("_")[1]
    assert told == [(403, name), (405, name), (401, None)]


def test_a_revoked_key_is_refused(closed_house: House) -> None:
    new = closed_house.service.keys.create(role=Role.ADMINISTRATOR)
    closed_house.service.keys.revoke(new.record.id)
    assert closed_house.ask("GET", "/models", b"", {"X-API-Key": new.text}).status == 401


def test_a_key_comes_as_a_bearer_token_or_in_a_header_of_its_own(closed_house: House) -> None:
    key = closed_house.keys[Role.READER]
    for header in ({"Authorization": f"Bearer {key}"}, {"Authorization": f"bearer  {key} "}, {"X-API-Key": key}):
        assert closed_house.ask("GET", "/models", b"", {"X-API-Key": ""} | header).status == 200


def test_a_route_without_a_declaration_is_refused() -> None:
    house = build_house()

    @house.app.get("/backdoor")
    def backdoor() -> str:
        return "in"

    answer = house.ask("GET", "/backdoor")
    assert (answer.status, answer.json["type"]) == (403, "urn:carafe:problem:forbidden")
    assert "declares no permission" in answer.json["detail"]
    assert house.ask("POST", "/backdoor").status == 404
    house.service.close()


# --- open mode ---


@pytest.fixture(scope="module")
def open_house() -> Iterator[House]:
    house = build_house(open=True)
    publish_rule(house.service.registry, "houses", "houses")
    yield house
    house.service.close()


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:8000", "[::1]:8000"])
def test_open_mode_asks_this_machine_for_no_key(open_house: House, host: str) -> None:
    answer = open_house.ask("POST", "/predict", HOUSE, {"X-API-Key": "", "Host": host})
    assert answer.json == {"prediction": 8000.0}


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:8000"},
        {"Host": "localhost.evil.example"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": "192.168.1.5:8000"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
    ],
)
def test_open_mode_answers_no_page_from_elsewhere(open_house: House, headers: dict[str, str]) -> None:
    for path in ("/models", "/health/live", "/docs"):
        answer = open_house.ask("GET", path, b"", headers)
        assert (answer.status, answer.json["type"]) == (403, "urn:carafe:problem:forbidden")


@pytest.mark.parametrize("peer", ["10.0.0.7", "::ffff:10.0.0.7", "", "nonsense"])
def test_open_mode_answers_no_other_machine(open_house: House, peer: str) -> None:
    environ = {"REMOTE_ADDR": peer}
    response = open_house.app.test_client().get("/models", environ_overrides=environ)
    assert response.status_code == 403
