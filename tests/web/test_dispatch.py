"""What every answer has, whoever asks for whatever."""

from __future__ import annotations

import logging
import re

import pytest
from flask import abort

from carafe.access import Role
from carafe.errors import CarafeError, CorruptArtefact, PredictionFailed, ServerBusy, StorageUnavailable
from carafe.web.call import Call
from carafe.web.dispatch import Dispatch
from carafe.web.routes import ROUTES
from carafe.web.table import by_path
from web.conftest import House

EVERY = [
    ("GET", "/models", 200),
    ("GET", "/nothing", 404),
    ("PATCH", "/models", 405),
    ("BREW", "/models", 405),
    ("GET", "/models?page=x", 400),
    ("DELETE", "/models/houses/versions/1", 409),
    ("POST", "/models/houses/predict", 400),
    ("OPTIONS", "/models", 204),
]


@pytest.mark.parametrize(("method", "path", "status"), EVERY)
def test_every_answer_has_a_request_id_and_careful_headers(house: House, method: str, path: str, status: int) -> None:
    answer = house.ask(method, path)
    assert answer.status == status
    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["x-request-id"])
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert answer.headers["cache-control"] == "no-store"
    if status >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json["request_id"] == answer.headers["x-request-id"]


@pytest.mark.parametrize(("method", "path", "status"), EVERY)
def test_a_clients_own_request_id_is_kept(house: House, method: str, path: str, status: int) -> None:
    answer = house.ask(method, path, b"", {"X-Request-Id": "run-7.step_3"})
    assert (answer.status, answer.headers["x-request-id"]) == (status, "run-7.step_3")


@pytest.mark.parametrize("given", ["a b", "x" * 129, "<script>", "é", "a;b"])
def test_a_request_id_that_is_not_well_formed_is_replaced(house: House, given: str) -> None:
    assert house.ask("GET", "/version", b"", {"X-Request-Id": given}).headers["x-request-id"] != given


def test_a_path_that_is_not_served_points_at_the_docs(house: House) -> None:
    assert house.ask("GET", "/").json["detail"] == "got /; /docs shows every route"


def test_head_has_the_headers_of_get_and_no_body(house: House) -> None:
    got, head = house.ask("GET", "/models"), house.ask("HEAD", "/models")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == got.headers["content-length"]


def test_a_fault_nobody_foresaw_is_logged_under_the_request_id_and_not_told(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("SELECT secret FROM /var/lib")

    monkeypatch.setattr(type(house.service.registry), "models", fail)
    with caplog.at_level(logging.ERROR, logger="carafe.web"):
        answer = house.ask("GET", "/models", b"", {"X-Request-Id": "r7"})
    assert (answer.status, answer.json["type"]) == (500, "urn:carafe:problem:internal-error")
    assert not any(word in answer.body.decode() for word in ("SELECT", "RuntimeError", "/var", "Traceback"))
    assert "r7" in caplog.text
    assert "SELECT secret" in caplog.text


@pytest.mark.parametrize(("code", "slug"), [(400, "malformed-body"), (418, "internal-error")])
def test_what_the_framework_refuses_is_a_problem_document_too(house: House, code: int, slug: str) -> None:
    house.app.before_request(lambda: abort(code))
    answer = house.ask("GET", "/models")
    assert answer.status == (400 if code == 400 else 500)
    assert answer.json["type"] == f"urn:carafe:problem:{slug}"
    assert answer.json["request_id"] == answer.headers["x-request-id"]


def test_the_story_of_a_server_side_error_is_in_the_log_only(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise CorruptArtefact("/srv/home/artefacts/x: digest differs")

    monkeypatch.setattr(type(house.service.registry), "model", fail)
    answer = house.ask("GET", "/models/houses")
    assert answer.status == 503
    assert "/srv" not in answer.body.decode()
    assert "/srv/home/artefacts/x" in caplog.text


@pytest.mark.parametrize(
    ("error", "traced"),
    [
        (StorageUnavailable("the database does not answer"), False),
        (CorruptArtefact("houses@1: digest differs"), False),
        (PredictionFailed("houses@1: division by zero"), True),
    ],
)
def test_an_outage_is_a_line_in_the_log_and_only_a_fault_has_its_traceback(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: CarafeError, *, traced: bool
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(type(house.service.registry), "model", fail)
    assert house.ask("GET", "/models/houses").status >= 500
    (record,) = caplog.records
    assert str(error) in record.getMessage()
    assert (record.exc_info is not None) is traced


def test_a_busy_server_says_when_to_ask_again_and_fills_no_log(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object, **__: object) -> None:
        raise ServerBusy("houses@1: 64 requests wait for it already")

    monkeypatch.setattr(type(house.service.predictor), "predict", full)
    answer = house.ask("POST", "/models/houses/predict", '{"area": 50, "bedrooms": 3}')
    assert answer.status == 503
    assert answer.headers["retry-after"] == "1"
    assert answer.json["type"] == "urn:carafe:problem:server-busy"
    assert "64 requests wait" in answer.json["detail"]
    assert not caplog.records


def test_a_refusal_is_answered_though_its_body_can_not_be_read(house: House) -> None:
    def gone() -> bytes:
        raise ConnectionResetError

    path = "/models/<name>/aliases/<alias>"
    headers = {"HTTP_X_API_KEY": house.keys[Role.PREDICTOR], "CONTENT_LENGTH": "100"}
    call = Call(method="PUT", path=path, query="", headers=headers, peer="", read=gone)
    assert Dispatch(house.service, ROUTES).answer(call, by_path(ROUTES)[path], {}).status == 403
