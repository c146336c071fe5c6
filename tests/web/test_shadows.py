"""Shadows over every mount: asked after the answer, counted over all workers, and felt by nobody."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from flask import Flask

import served
from carafe.access import Role, open_keys
from carafe.protocols.media import JSON
from carafe.registry import Share, Traffic, open_registry
from carafe.schema import Prediction, Rows
from carafe.serving import shadow
from carafe.settings import Settings
from carafe.web import Carafe
from sealed import seal_really
from served import HOUSES, RULES, houses_rule, publish_rule
from web.conftest import Answer, Ask, House
from web.servers import running
from web.test_sticky import HOUSE, share

Found = dict[str, Any]


@pytest.fixture(autouse=True)
def _nothing_is_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shadow, "LATEST", 600)  # on a busy machine a thread that comes last may take its time


def wait_for(look: Callable[[], Answer], count: int, *, field: str = "asked") -> list[Found]:
    """Return what the service tells of its shadows once they count so much together."""
    until = time.monotonic() + 20
    while True:
        answer = look()
        assert answer.status == 200, answer.body
        found: list[Found] = answer.json["shadows"]
        if sum(one[field] for one in found) >= count:
            return found
        assert time.monotonic() < until, found
        time.sleep(0.01)


@pytest.fixture
def rules(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return the rules by which models are loaded, to add some for one test."""
    found = dict(RULES)
    monkeypatch.setattr(served, "RULES", found)
    return found


def test_a_shadow_is_asked_what_was_answered_and_its_differences_are_told(ask_house: Ask, house: House) -> None:
    for _ in range(2):
        publish_rule(house.service.registry, "houses", "cheap houses")
    share(house, {1: 100}, shadows=(2, 3))
    for _ in range(3):
        answer = ask_house("POST", "/models/houses/predict", HOUSE)
        assert (answer.json, answer.headers["x-carafe-model"]) == ({"prediction": 8000.0}, "houses@1")
    one, other = wait_for(lambda: house.ask("GET", "/models/houses/shadows"), 6)
    assert one.pop("seconds") > 0
    assert one == {
        "version": 1,
        "shadow": 2,
        "asked": 3,
        "compared": 3,
        "refused": 0,
        "failed": 0,
        "dropped": 0,
        "rows": 3,
        "different": 3,
        "mean_difference": 4000.0,
        "largest_difference": 4000.0,
    }
    assert (other["shadow"], other["different"]) == (3, 3)
    text = house.ask("GET", "/metrics").body.decode()
    labels = 'model="houses",'
    assert f'carafe_shadow_requests_total{{{labels}result="compared",shadow="2",version="1"}} 3.0' in text
    assert f'carafe_shadow_rows_total{{{labels}result="different",shadow="2",version="1"}} 3.0' in text
    assert f'carafe_shadow_relative_difference_bucket{{le="0.5",{labels}shadow="2",version="1"}} 3.0' in text


def test_only_those_who_may_read_see_shadows_and_only_of_a_model_that_is_there(house: House) -> None:
    assert house.ask("GET", "/models/houses/shadows").json == {"model": "houses", "shadows": []}
    assert house.ask("GET", "/models/nowhere/shadows").status == 404
    assert house.ask("GET", "/models/houses/shadows", b"", {"X-API-Key": ""}).status == 401


def test_explicit_versions_and_refused_requests_ask_no_shadow(ask_house: Ask, house: House) -> None:
    publish_rule(house.service.registry, "houses", "cheap houses")
    share(house, {1: 100}, shadows=(2,))
    assert ask_house("POST", "/models/houses/versions/1/predict", HOUSE).status == 200
    assert ask_house("POST", "/models/houses/predict", '{"area": "x"}').status == 422
    assert ask_house("POST", "/models/houses/predict", HOUSE).status == 200
    (found,) = wait_for(lambda: house.ask("GET", "/models/houses/shadows"), 1)
    assert found["asked"] == 1


@pytest.mark.parametrize("kind", ["fails", "sleeps", "loops", "takes other rows", "answers anything"])
def test_no_shadow_changes_fails_or_holds_up_an_answer(house: House, rules: dict[str, Any], kind: str) -> None:
    armed, go = Event(), Event()  # armed once it is loaded, for loading tries a model out

    def sleep(rows: Rows) -> Prediction:
        assert not armed.is_set() or go.wait(30)
        return houses_rule(rows)

    def loop(rows: Rows) -> Prediction:
        until = time.monotonic() + 30
        while armed.is_set() and not go.is_set() and time.monotonic() < until:
            pass
        return houses_rule(rows)

    rules |= {
        "fails": RULES["broken"],
        "sleeps": (HOUSES, sleep),
        "loops": (HOUSES, loop),
        "takes other rows": RULES["everything"],
        "answers anything": RULES["nan"],
    }
    publish_rule(house.service.registry, "houses", kind)
    share(house, {1: 100}, shadows=(2,))
    armed.set()
    began = time.monotonic()
    for _ in range(60):
        answer = house.ask_fast("POST", "/models/houses/predict", HOUSE)
        assert (answer.status, answer.body) == (200, b'{"prediction":8000.0}')
    taken = time.monotonic() - began
    go.set()
    assert taken < 15  # of 30 s that the shadow takes for each
    (found,) = wait_for(lambda: house.ask("GET", "/models/houses/shadows"), 60)
    told = {"fails": "failed", "takes other rows": "refused"}.get(kind, "compared")
    assert found["asked"] == 60
    assert found[told] >= 1


def test_an_application_that_carafe_is_a_part_of_has_shadows_too(house: House) -> None:
    publish_rule(house.service.registry, "houses", "cheap houses")
    share(house, {1: 100}, shadows=(2,))
    app = Flask("shop")
    Carafe(app, url_prefix="/ml", service=house.service)
    key = {"X-API-Key": house.keys[Role.PREDICTOR]}
    for _ in range(4):
        response = app.test_client().post("/ml/models/houses/predict", data=HOUSE, headers=key, content_type=JSON)
        assert response.get_json() == {"prediction": 8000.0}
    (found,) = wait_for(lambda: house.ask("GET", "/models/houses/shadows"), 4)
    assert found["different"] == found["compared"] >= 1


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Return a home where version 1 answers for two thirds, 2 for one, and 3 is a shadow, and a key to it."""
    folder = tmp_path_factory.mktemp("shadows")
    with closing(open_registry(Settings(home=folder))) as registry:
        for slope in (2.0, 2.0, 3.0):
            with registry.staging() as staged:
                seal_really(staged, key=registry.key, slope=slope)
                registry.publish(name="line", staged=staged)
        shares = (Share(version=1, percent=66), Share(version=2, percent=34))
        registry.direct("line", "champion", Traffic(shares=shares, shadows=(3,), sticky="header:X-User"))
    with closing(open_keys(Settings(home=folder))) as keys:
        return folder, keys.create(role=Role.ADMINISTRATOR).text


@pytest.mark.xdist_group("servers")
@pytest.mark.parametrize(
    ("kind", "extra"), [("carafe", ("--workers", "2")), ("gunicorn", ("--workers", "2")), ("flask", ())]
)
def test_all_workers_share_alike_and_tell_their_shadows_together(
    home: tuple[Path, str], tmp_path: Path, kind: str, extra: tuple[str, ...]
) -> None:
    folder, key = home
    with running(kind, tmp_path, home=folder, key=key, extra=extra) as server:
        versions: dict[int, set[str | None]] = {}
        for ask in range(60):
            status, headers, body = server.ask("POST", "/models/line/predict", b"[5]", X_User=f"user {ask % 20}")
            assert (status, json.loads(body)["prediction"]) == (200, pytest.approx(10))
            versions.setdefault(ask % 20, set()).add(headers["X-Carafe-Model"])
        assert all(len(seen) == 1 for seen in versions.values())
        assert set.union(*versions.values()) == {"line@1", "line@2"}

        def look() -> Answer:
            status, _, body = server.ask("GET", "/models/line/shadows")
            return Answer(status, {}, body)

        found = wait_for(look, 50)  # a worker that has just started answers before its shadow is loaded
        assert [(one["version"], one["shadow"]) for one in found] == [(1, 3), (2, 3)]
        assert 50 <= sum(one["asked"] for one in found) <= 60
        assert all(one["different"] == one["compared"] >= 1 for one in found)
        assert all(one["mean_difference"] == pytest.approx(5) for one in found)
