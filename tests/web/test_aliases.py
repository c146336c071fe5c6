"""Aliases over HTTP: promotion, traffic, rollback, conditions, history and gates."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carafe.access import Role
from carafe.errors import InvalidParameter
from carafe.registry import HistoryQuery, open_registry
from carafe.schema import ModelRef
from carafe.settings import Settings
from carafe.web.query import moment
from sealed import untried
from served import publish_rule
from web.conftest import Answer, House, build_house

HOUSE = '{"area": 50, "bedrooms": 3}'
CHAMPION = "/models/houses/aliases/champion"


@pytest.fixture
def three(house: House) -> House:
    """Return a house whose model houses has three versions, the first of them champion."""
    for _ in range(2):
        publish_rule(house.service.registry, "houses", "cheap houses")
    return house


def put(house: House, body: object, path: str = CHAMPION, **headers: str) -> Answer:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return house.ask("PUT", path, msgspec.json.encode(body), sent)


def told(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.json["type"].removeprefix("urn:carafe:problem:")


# --- pointing ---


def test_promotion_answers_with_the_new_version_at_once(house: House) -> None:
    publish_rule(house.service.registry, "houses", "cheap houses")
    assert house.ask("POST", "/models/houses/predict", HOUSE).json == {"prediction": 8000.0}
    answer = house.ask("PUT", "/models/houses/aliases/champion", '{"version": 2}')
    assert (answer.status, answer.json["version"]) == (200, 2)
    assert house.ask("POST", "/models/houses/predict", HOUSE).json == {"prediction": 4000.0}
    house.ask("PUT", "/models/houses/aliases/champion", '{"version": 1}')
    assert house.ask("POST", "/models/houses/predict", HOUSE).json == {"prediction": 8000.0}


def test_any_alias_can_be_set_and_dropped(house: House) -> None:
    assert house.ask("PUT", "/models/houses/aliases/staging", '{"version": 1}').status == 200
    assert house.ask("POST", "/models/houses/aliases/staging/predict", HOUSE).status == 200
    assert house.ask("DELETE", "/models/houses/aliases/staging").status == 204
    assert house.ask("POST", "/models/houses/aliases/staging/predict", HOUSE).status == 404
    again = house.ask("DELETE", "/models/houses/aliases/staging")
    assert (again.status, again.json["type"]) == (404, "urn:carafe:problem:alias-not-found")


def test_a_version_that_can_not_be_loaded_is_not_promoted(house: House) -> None:
    publish_rule(house.service.registry, "houses", "corrupt")
    answer = house.ask("PUT", "/models/houses/aliases/champion", '{"version": 2}')
    assert (answer.status, answer.json["type"]) == (503, "urn:carafe:problem:corrupt-artefact")
    assert house.ask("GET", "/models/houses").json["aliases"] == {"champion": 1}
    assert house.ask("POST", "/models/houses/predict", HOUSE).json == {"prediction": 8000.0}


@pytest.mark.parametrize(
    ("body", "headers", "status", "slug", "word"),
    [
        ('{"version": 9}', {}, 404, "version-not-found", "9"),
        ('{"version": 0}', {}, 404, "version-not-found", "0"),
        ('{"version": "1"}', {}, 422, "invalid-document", "got a string, expected a whole number"),
        ('{"version": 1, "x": 2}', {}, 422, "invalid-document", "unknown field"),
        ("{}", {}, 422, "invalid-document", "version"),
        ("", {}, 400, "malformed-body", "truncated"),
        ('{"version": 1}', {"Content-Type": "text/csv"}, 415, "unsupported-media-type", "application/json"),
        (" " * 20_001, {}, 413, "body-too-large", "20000"),
    ],
)
def test_a_promotion_that_can_not_be_done_says_why(
    house: House, body: str, headers: dict[str, str], status: int, slug: str, word: str
) -> None:
    answer = house.ask("PUT", "/models/houses/aliases/champion", body, headers)
    assert (answer.status, answer.json["type"]) == (status, f"urn:carafe:problem:{slug}")
    assert word in answer.body.decode()


@pytest.mark.parametrize("alias", ["Staging", "7", "a%20b", ".."])
def test_an_alias_has_a_well_formed_name(house: House, alias: str) -> None:
    answer = house.ask("PUT", f"/models/houses/aliases/{alias}", '{"version": 1}')
    assert (answer.status, answer.json["type"]) == (400, "urn:carafe:problem:invalid-name")


def test_an_alias_is_shown_with_its_revision_as_entity_tag(three: House) -> None:
    answer = three.ask("GET", CHAMPION)
    shown = answer.json
    assert answer.headers["etag"] == f'"{shown["revision"]}"'
    assert shown["changed"].endswith("Z")
    assert (shown["version"], shown["shares"]) == (1, [{"version": 1, "percent": 100.0}])
    assert (shown["shadows"], shown["sticky"]) == ([], None)
    changed = put(three, {"version": 2})
    assert changed.headers["etag"] != answer.headers["etag"]
    assert three.ask("GET", CHAMPION).json == changed.json
    put(three, {"version": 3}, "/models/houses/aliases/staging")
    listed = three.ask("GET", "/models/houses/aliases").json["aliases"]
    assert [(each["alias"], each["version"]) for each in listed] == [("champion", 2), ("staging", 3)]
    assert told(three.ask("GET", "/models/houses/aliases/none")) == (404, "alias-not-found")
    assert told(three.ask("GET", "/models/none/aliases")) == (404, "model-not-found")


def test_an_alias_can_share_its_requests_and_ask_shadows(three: House) -> None:
    wanted = {
        "shares": [{"version": 1, "percent": 95}, {"version": 2, "percent": 5}],
        "shadows": [3],
        "sticky": "header:X-User",
    }
    shown = put(three, {**wanted, "reason": "canary"}).json
    assert {name: shown[name] for name in wanted} == msgspec.json.decode(msgspec.json.encode(wanted))
    entry = three.ask("GET", "/models/houses/history").json["entries"][0]
    assert (entry["action"], entry["reason"]) == ("traffic", "canary")
    assert three.ask("GET", "/models/houses").json["aliases"] == {"champion": 1}


@pytest.mark.parametrize(
    ("body", "status", "slug"),
    [
        ({"shares": []}, 422, "invalid-traffic"),
        ({"shares": [{"version": 1, "percent": 99}]}, 422, "invalid-traffic"),
        ({"version": 1, "shadows": [1]}, 422, "invalid-traffic"),
        ({"version": 1, "sticky": "cookie:a"}, 422, "invalid-traffic"),
        ({"version": 1, "shares": [{"version": 1, "percent": 100}]}, 422, "invalid-document"),
        ({"shares": [{"version": 1}]}, 422, "invalid-document"),
        ({"version": 1, "shadows": [9]}, 404, "version-not-found"),
        ({"version": 1, "reason": "x" * 501}, 400, "invalid-parameter"),
    ],
)
def test_traffic_that_makes_no_sense_changes_nothing(three: House, body: object, status: int, slug: str) -> None:
    before = three.ask("GET", CHAMPION).json
    assert told(put(three, body)) == (status, slug)
    assert three.ask("GET", CHAMPION).json == before


def test_versions_that_do_not_fit_together_are_not_asked_for() -> None:
    house = build_house(max_loaded=1)
    for _ in range(2):
        publish_rule(house.service.registry, "houses", "houses")
    shares = {"shares": [{"version": 1, "percent": 90}, {"version": 2, "percent": 10}]}
    answer = put(house, shares)
    assert told(answer) == (507, "model-too-large")
    assert "no more versions than 1 (max_loaded)" in answer.json["detail"]
    assert told(put(house, {"version": 1, "shadows": [2]}))[0] == 507
    assert house.service.registry.alias("houses").traffic.numbers == (1,)
    assert put(house, {"version": 2}).status == 200
    house.service.close()


def test_a_shadow_that_can_not_be_loaded_is_not_asked_for(three: House) -> None:
    publish_rule(three.service.registry, "houses", "corrupt")
    assert told(put(three, {"version": 2, "shadows": [4]})) == (503, "corrupt-artefact")
    assert three.ask("GET", CHAMPION).json["version"] == 1


# --- conditions ---


def test_a_change_that_expects_another_revision_is_refused(three: House) -> None:
    seen = three.ask("GET", CHAMPION).headers["etag"]
    first = put(three, {"version": 2}, If_Match=seen)
    assert first.status == 200
    late = put(three, {"version": 3}, If_Match=seen)
    assert told(late) == (412, "alias-changed")
    assert "version 2" in late.json["detail"]
    assert told(three.ask("DELETE", CHAMPION, "", {"If-Match": seen})) == (412, "alias-changed")
    assert told(three.ask("POST", f"{CHAMPION}/rollback", "", {"If-Match": seen})) == (412, "alias-changed")
    back = three.ask("POST", f"{CHAMPION}/rollback", "", {"If-Match": first.headers["etag"]})
    assert (back.status, back.json["version"]) == (200, 1)
    assert three.ask("DELETE", CHAMPION, "", {"If-Match": back.headers["etag"]}).status == 204


def test_a_star_asks_only_whether_there_is_such_an_alias(three: House) -> None:
    new = "/models/houses/aliases/new"
    assert told(put(three, {"version": 2}, new, If_Match="*")) == (412, "alias-changed")
    assert put(three, {"version": 2}, new, If_None_Match="*").status == 200
    assert told(put(three, {"version": 3}, new, If_None_Match="*")) == (412, "alias-changed")
    assert put(three, {"version": 3}, new, If_Match="*").status == 200
    assert told(three.ask("DELETE", new, "", {"If-None-Match": "*"})) == (412, "alias-changed")
    assert three.ask("DELETE", new, "", {"If-Match": "*"}).status == 204
    assert told(three.ask("DELETE", new, "", {"If-None-Match": "*"})) == (404, "alias-not-found")


@pytest.mark.parametrize("given", ["W/{}", '"0"', '"99999999999999999999"', '"seven"', '""', '"0{bare}"'])
def test_a_tag_that_no_alias_has_never_matches(three: House, given: str) -> None:
    tag = three.ask("GET", CHAMPION).headers["etag"]
    sent = given.replace("{bare}", tag.strip('"')).replace("{}", tag)
    assert told(put(three, {"version": 2}, If_Match=sent)) == (412, "alias-changed")


def test_one_of_several_tags_may_match(three: House) -> None:
    tag = three.ask("GET", CHAMPION).headers["etag"]
    assert told(put(three, {"version": 2}, If_Match='"900", "a,b"  ,"901"')) == (412, "alias-changed")
    assert put(three, {"version": 2}, If_Match=f'"900",  W/"x",{tag}').status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"If-Match": "7"},
        {"If-Match": '"7'},
        {"If-Match": '"7" "8"'},
        {"If-Match": '"7",'},
        {"If-Match": ""},
        {"If-Match": '*, "7"'},
        {"If-None-Match": '"7"'},
        {"If-None-Match": ""},
        {"If-Match": "*", "If-None-Match": "*"},
    ],
)
@pytest.mark.parametrize(("method", "path"), [("PUT", ""), ("DELETE", ""), ("POST", "/rollback")])
def test_a_malformed_condition_is_refused(three: House, headers: dict[str, str], method: str, path: str) -> None:
    put(three, {"version": 2})
    client, body = three.app.test_client(), b'{"version": 3}' if method == "PUT" else b""
    key = {"X-API-Key": three.keys[Role.OPERATOR], "Content-Type": "application/json"}
    answer = client.open(f"{CHAMPION}{path}", method=method, data=body, headers=key | headers)
    problem = msgspec.json.decode(answer.data)
    assert (answer.status_code, problem["type"]) == (400, "urn:carafe:problem:invalid-parameter")


def test_of_a_hundred_promotions_that_saw_the_same_one_wins(tmp_path: Path) -> None:
    """Ten rounds of ten threads: each round one winner, nine told to look again, and a history without a gap."""
    three = build_house(home=tmp_path, registry=open_registry(Settings(home=tmp_path)))
    for rule in ("houses", "cheap houses", "houses"):
        publish_rule(three.service.registry, "houses", rule)
    began = three.ask("GET", CHAMPION).json["revision"]
    for turn in range(10):
        seen = three.ask("GET", CHAMPION).headers["etag"]

        def promote(thread: int, seen: str = seen) -> Answer:
            return put(three, {"version": 1 + thread % 3, "reason": f"thread {thread}"}, If_Match=seen)

        with ThreadPoolExecutor(10) as pool:
            answers = list(pool.map(promote, range(10)))
        assert sorted(answer.status for answer in answers) == [200] + [412] * 9
        winner = next(answer for answer in answers if answer.status == 200)
        assert three.ask("GET", CHAMPION).json == winner.json, turn
    entries = three.service.registry.history("houses", HistoryQuery(alias="champion")).items
    assert len([entry for entry in entries if entry.id > began]) == 10
    assert all(later.before == earlier.after for later, earlier in pairwise(entries))
    three.service.close()


# --- history ---


def test_the_history_tells_who_did_what_when_and_why(three: House) -> None:
    put(three, {"version": 2, "reason": "better on new districts"})
    three.ask("POST", f"{CHAMPION}/rollback", '{"reason": "complaints"}')
    three.ask("DELETE", "/models/houses/versions/3")
    page = three.ask("GET", "/models/houses/history?page_size=3").json
    assert (page["total"], page["page"], page["page_size"]) == (7, 1, 3)
    deletion, back, promotion = page["entries"]
    assert (deletion["action"], deletion["version"], deletion["alias"]) == ("delete", 3, None)
    assert (back["action"], back["reason"], back["after"]["shares"]) == (
        "rollback", "complaints", [{"version": 1, "percent": 100.0}],
    )  # fmt: skip
    assert (promotion["reason"], promotion["forced"]) == ("better on new districts", False)
    assert all(re.fullmatch(r"administrator \(key \w{10}\)", entry["by"]) for entry in page["entries"])
    assert three.ask("GET", "/models/houses/history?alias=champion").json["total"] == 3
    assert told(three.ask("GET", "/models/none/history")) == (404, "model-not-found")


def test_which_version_answered_in_a_moment_is_one_question(three: House) -> None:
    before = three.ask("GET", CHAMPION).json
    between = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
    put(three, {"version": 2})
    then = three.ask("GET", f"{CHAMPION}?at={between}")
    assert then.json["at"] == between
    assert (then.json, "etag" in then.headers) == (before | {"at": between}, False)
    assert three.ask("GET", f"/models/houses/history?alias=champion&until={between}").json["total"] == 1
    assert told(three.ask("GET", f"{CHAMPION}?at=2020-01-01T00:00:00Z")) == (404, "alias-not-found")


@pytest.mark.parametrize(
    "at",
    ["2026-11-1", "2026-13-01", "2026-11-01T12:00:00", "yesterday", "", "2026-13-01T12:00:00Z",
     "0001-01-01T00:00:00%2B14:00", "2026-11-01T12:00:00+01:00", "2026-11-01T12:00:00Z%00",
     "9999-12-31T23:59:59-14:00"],
)  # fmt: skip
def test_a_moment_that_can_not_be_read_is_refused(three: House, at: str) -> None:
    for path in (f"{CHAMPION}?at={at}", f"/models/houses/history?until={at}"):
        answer = three.ask("GET", path)
        assert told(answer) == (400, "invalid-parameter")
        assert "%2B" in answer.json["detail"]


def test_a_day_means_its_end_and_what_is_still_to_come_is_told_as_of_now(three: House) -> None:
    begun = datetime.now(UTC)
    for day in (f"{begun:%Y-%m-%d}", "2099-01-01"):
        told = three.ask("GET", f"{CHAMPION}?at={day}").json
        assert told["version"] == 1
        assert begun <= datetime.fromisoformat(told["at"]) <= datetime.now(UTC)
    assert moment({"at": "2026-11-01"}, "at") == datetime(2026, 11, 1, 23, 59, 59, 999_999, tzinfo=UTC)
    assert three.ask("GET", "/models/houses/history?until=2020-01-01").json["total"] == 0
    assert told_at(three, "2020-01-01") == "2020-01-01 23:59:59 UTC"
    assert told_at(three, "2099-01-01", alias="none") < "2099"


def told_at(house: House, day: str, *, alias: str = "champion") -> str:
    """Return the moment in which there was no alias, as it is told."""
    answer = house.ask("GET", f"/models/houses/aliases/{alias}?at={day}")
    assert told(answer) == (404, "alias-not-found")
    return str(answer.json["detail"].rpartition(" on ")[2])


@given(st.datetimes(timezones=st.timezones(), min_value=datetime(1800, 1, 1), max_value=datetime(2200, 1, 1)))  # noqa: DTZ001
def test_every_moment_is_read_as_it_was_written(when: datetime) -> None:
    offset = when.utcoffset()
    if offset is not None and offset.seconds % 60 == 0:
        assert moment({"at": when.isoformat()}, "at") == when.astimezone(UTC)


@given(st.text(max_size=40))
def test_any_text_is_a_moment_or_refused(text: str) -> None:
    try:
        found = moment({"at": text}, "at")
    except InvalidParameter:
        return
    assert found is not None
    assert found.tzinfo is UTC


# --- gates ---


def test_gates_are_set_and_stand_before_the_champion_alone(three: House) -> None:
    publish_rule(three.service.registry, "houses", "iris")
    assert three.ask("GET", "/models/houses/gates").json == {"worse_by": None, "signature": False, "proof": False}
    gates = {"worse_by": 0.5, "signature": True, "proof": False}
    assert put(three, gates, "/models/houses/gates").json == gates
    refused = put(three, {"version": 4})
    assert told(refused) == (409, "promotion-refused")
    assert "signature: it would break callers of houses@1" in refused.json["detail"]
    assert "worse-by: it is a classification of species" in refused.json["detail"]
    canary: dict[str, Any] = {"shares": [{"version": 1, "percent": 95}, {"version": 4, "percent": 5}]}
    assert told(put(three, canary)) == (409, "promotion-refused")
    assert put(three, {"version": 4}, "/models/houses/aliases/staging").status == 200
    assert put(three, {"version": 1, "shadows": [4]}).status == 200
    assert put(three, {"version": 4, "force": True, "reason": "agreed"}).status == 200
    entry = three.ask("GET", "/models/houses/history").json["entries"][0]
    assert entry["forced"]
    assert entry["reason"].startswith("agreed; against the gates: houses@4: signature: it would break callers")
    assert told(put(three, {"worse_by": -1}, "/models/houses/gates")) == (400, "invalid-parameter")
    assert told(put(three, {"worst": 1}, "/models/houses/gates")) == (422, "invalid-document")


def test_a_rollback_passes_no_gate(three: House) -> None:
    publish_rule(three.service.registry, "houses", "iris")
    put(three, {"version": 4})
    put(three, {"signature": True}, "/models/houses/gates")
    assert three.ask("POST", f"{CHAMPION}/rollback").json["version"] == 1
    assert told(three.ask("POST", f"{CHAMPION}/rollback")) == (409, "nothing-to-roll-back")


def test_a_rollback_leads_to_what_was_loaded_for_it_or_nowhere(three: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else promotes while the version before is being loaded: by then another one is the version before."""
    put(three, {"version": 2})
    catalog, registry = three.service.catalog, untried(three.service.registry)
    get = catalog.get

    def slowly(ref: ModelRef) -> object:
        registry.promote(ModelRef(name="houses", version=3))
        return get(ref)

    monkeypatch.setattr(type(catalog), "get", lambda _self, ref: slowly(ref))
    assert told(three.ask("POST", f"{CHAMPION}/rollback")) == (412, "alias-changed")
    assert three.service.registry.alias("houses").number == 3


def test_a_rollback_passes_by_what_is_damaged_and_is_forced_to_what_is_whole(three: House) -> None:
    publish_rule(three.service.registry, "houses", "corrupt")
    assert told(put(three, {"version": 4})) == (503, "corrupt-artefact")
    assert put(three, {"version": 4, "force": True}).status == 200
    put(three, {"version": 2})
    assert three.ask("POST", f"{CHAMPION}/rollback", '{"force": true}').json["version"] == 4
    put(three, {"version": 2})
    assert told(three.ask("POST", f"{CHAMPION}/rollback")) == (503, "load-failed")  # its files are whole
    registry = three.service.registry
    registry.artefacts.quarantine(registry.resolve(ModelRef(name="houses", version=4)).artefact)
    assert three.ask("POST", f"{CHAMPION}/rollback", '{"reason": "complaints"}').json["version"] == 1
    entry = three.ask("GET", "/models/houses/history").json["entries"][0]
    assert entry["reason"] == "complaints; passes by what is damaged: version 4"
    assert told(three.ask("POST", f"{CHAMPION}/rollback", '{"why": 1}')) == (422, "invalid-document")


@pytest.mark.parametrize("number", [10**9, 2**63, 10**40])
def test_a_number_that_no_version_can_have_is_one_that_is_not_there(three: House, number: int) -> None:
    for body in ({"version": number}, {"shares": [{"version": number, "percent": 100}], "sticky": "field:area"}):
        assert told(put(three, body)) in {(404, "version-not-found"), (422, "invalid-document")}
    begun = three.ask("POST", f"{CHAMPION}/rollout", json.dumps({"version": number}))
    assert told(begun) in {(404, "version-not-found"), (422, "invalid-document")}


def test_that_the_alias_was_changed_is_told_before_what_else_stands_against_a_change(three: House) -> None:
    seen = three.ask("GET", CHAMPION).headers["etag"]
    put(three, {"version": 1})
    assert told(three.ask("POST", f"{CHAMPION}/rollback")) == (409, "nothing-to-roll-back")
    assert told(three.ask("POST", f"{CHAMPION}/rollback", "", {"If-Match": seen})) == (412, "alias-changed")
    put(three, {"proof": True}, "/models/houses/gates")
    assert told(put(three, {"version": 2})) == (409, "promotion-refused")
    for body in ({"version": 2}, {"version": 9}, {"version": 1, "sticky": "field:nosuch"}):
        assert told(put(three, body, If_Match=seen)) == (412, "alias-changed")


def test_in_open_mode_anyone_is_named() -> None:
    house = build_house(open=True)
    publish_rule(house.service.registry, "houses", "houses")
    assert put(house, {"version": 1}).status == 200
    assert house.ask("GET", "/models/houses/history").json["entries"][0]["by"] == "anyone"
    house.service.close()
