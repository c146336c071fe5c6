"""Every row of the native API's table, and every way to be refused, over both mounts."""

from __future__ import annotations

import io
import json

import pytest

from carafe.access import Role
from served import everything, publish_rule
from web.conftest import LIMIT, ROWS, Ask, House

HOUSE = '{"area": 50, "bedrooms": 3}'
FLOWER = "[5.1, 3.5, 1.4, 0.2]"
CSV = {"Content-Type": "text/csv"}


def test_one_record_gives_one_prediction(ask: Ask) -> None:
    answer = ask("POST", "/models/houses/predict", HOUSE)
    assert (answer.status, answer.body) == (200, b'{"prediction":8000.0}')
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-carafe-model"] == "houses@1"


def test_a_flat_list_in_signature_order_is_one_record(ask: Ask) -> None:
    assert ask("POST", "/models/iris/predict", FLOWER).json == {"prediction": "setosa"}


@pytest.mark.parametrize(
    "body", ['[{"area": 50, "bedrooms": 3}, {"area": 60, "bedrooms": null}]', "[[50,3],[60,null]]"]
)
def test_a_list_of_records_or_of_lists_gives_predictions(ask: Ask, body: str) -> None:
    assert ask("POST", "/models/houses/predict", body).json == {"predictions": [8000.0, 8000.0]}


def test_a_list_of_one_record_gives_predictions(ask: Ask) -> None:
    assert ask("POST", "/models/houses/predict", f"[{HOUSE}]").json == {"predictions": [8000.0]}


def test_a_label_keeps_its_own_type(ask: Ask) -> None:
    assert ask("POST", "/models/everything/predict", json.dumps(everything())).json == {"prediction": True}


@pytest.mark.parametrize("query", ["probabilities=true", "probabilities=1", "probabilities"])
def test_probabilities_are_added_by_label(ask: Ask, query: str) -> None:
    answer = ask("POST", f"/models/iris/predict?{query}", FLOWER).json
    assert answer == {
        "prediction": "setosa",
        "probabilities": pytest.approx({"setosa": 0.8, "versicolor": 0.1, "virginica": 0.1}),
    }
    many = ask("POST", f"/models/iris/predict?{query}", f"[{FLOWER}]").json
    assert many["probabilities"] == [answer["probabilities"]]


def test_a_version_and_an_alias_can_be_asked_for(ask_house: Ask, house: House) -> None:
    publish_rule(house.service.registry, "houses", "cheap houses")
    assert ask_house("POST", "/models/houses/predict", HOUSE).headers["x-carafe-model"] == "houses@1"
    second = ask_house("POST", "/models/houses/versions/2/predict", HOUSE)
    assert second.json == {"prediction": 4000.0}
    assert second.headers["x-carafe-model"] == "houses@2"
    assert ask_house("POST", "/models/houses/aliases/champion/predict", HOUSE).json == {"prediction": 8000.0}


def test_csv_comes_in_and_json_goes_out(ask: Ask) -> None:
    answer = ask("POST", "/models/houses/predict", "bedrooms,area\n3,50\n,60\n", CSV)
    assert answer.json == {"predictions": [8000.0, 8000.0]}


def test_csv_goes_out_where_it_is_preferred(ask: Ask) -> None:
    answer = ask("POST", "/models/iris/predict?probabilities=true", f"[{FLOWER}]", {"Accept": "text/csv"})
    assert answer.headers["content-type"] == "text/csv"
    header, row = answer.body.decode().split("\r\n")[:2]
    assert header == "prediction,probability_setosa,probability_versicolor,probability_virginica"
    assert row.startswith("setosa,")


def test_the_default_model_is_the_only_one(empty_house: House) -> None:
    publish_rule(empty_house.service.registry, "houses", "houses")
    for ask in (empty_house.ask, empty_house.ask_lane):
        assert ask("POST", "/predict", HOUSE).json == {"prediction": 8000.0}


def test_an_unseen_category_is_served_as_unknown_and_counted(ask: Ask) -> None:
    body = json.dumps([everything(category="never met"), everything(), everything(code=77)])
    answer = ask("POST", "/models/everything/predict", body)
    assert answer.status == 200
    assert answer.headers["x-carafe-unseen"] == "2"
    assert "x-carafe-unseen" not in ask("POST", "/models/everything/predict", json.dumps(everything())).headers


def test_the_features_after_preprocessing_are_named(ask: Ask) -> None:
    one = ask("POST", "/models/houses/transform", '{"area": 50, "bedrooms": null}')
    assert one.json == {"features": {"area": 50.0, "bedrooms": None}}
    assert one.headers["x-carafe-model"] == "houses@1"
    many = ask("POST", "/models/houses/transform", "area,bedrooms\n50,3\n", CSV)
    assert many.json == {"features": [{"area": 50.0, "bedrooms": 3.0}]}


def test_a_body_without_a_type_is_json(ask: Ask) -> None:
    assert ask("POST", "/models/houses/predict", HOUSE, {"Content-Type": ""}).json == {"prediction": 8000.0}


# --- refusals: the status, the problem's name, and a word of what it tells ---

Refusal = tuple[str, str | bytes, dict[str, str], int, str, str]

REFUSALS: list[Refusal] = [
    ("/predict", HOUSE, {}, 404, "no-default-model", "name one with POST /models/<name>/predict"),
    ("/models/nowhere/predict", HOUSE, {}, 404, "model-not-found", "nowhere"),
    ("/models/houses/versions/9/predict", HOUSE, {}, 404, "version-not-found", "no version 9"),
    ("/models/houses/aliases/staging/predict", HOUSE, {}, 404, "alias-not-found", "staging"),
    ("/models/houses/versions/x/predict", HOUSE, {}, 400, "invalid-parameter", "whole number"),
    ("/models/houses/versions/0/predict", HOUSE, {}, 400, "invalid-parameter", "whole number"),
    ("/models/Houses/predict", HOUSE, {}, 400, "invalid-name", "lower-case"),
    ("/models/houses/predict?probabilities=maybe", HOUSE, {}, 400, "invalid-parameter", "true or false"),
    ("/models/houses/predict?probability=true", HOUSE, {}, 400, "invalid-parameter", "probabilities"),
    ("/models/houses/predict?probabilities=1&probabilities=0", HOUSE, {}, 400, "invalid-parameter", "once"),
    ("/models/houses/predict?probabilities=true", HOUSE, {}, 400, "invalid-parameter", "predicts a number"),
    ("/models/houses/predict", "", {}, 400, "malformed-body", "truncated"),
    ("/models/houses/predict", "{", {}, 400, "malformed-body", "not JSON"),
    ("/models/houses/predict", b'["\xff", 1]', {}, 400, "malformed-body", "UTF-8"),
    ("/models/houses/predict", '{"area": NaN, "bedrooms": 3}', {}, 400, "malformed-body", "not JSON"),
    ("/models/houses/predict", HOUSE + "x", {}, 400, "malformed-body", "trailing"),
    ("/models/houses/predict", "[" * 15_000, {}, 400, "malformed-body", "nested"),
    ("/models/houses/predict", "", CSV, 400, "malformed-body", "header"),
    ("/models/houses/predict", HOUSE, {"Accept": "text/html"}, 406, "not-acceptable", "text/csv"),
    ("/models/houses/transform", HOUSE, {"Accept": "text/csv"}, 406, "not-acceptable", "application/json"),
    ("/models/houses/predict", " " * (LIMIT + 1), {}, 413, "body-too-large", "20000 bytes"),
    ("/models/houses/predict", "[" + "[1,2]," * ROWS + "[1,2]]", {}, 413, "body-too-large", "at most 50"),
    ("/models/houses/predict", HOUSE, {"Content-Type": "text/plain"}, 415, "unsupported-media-type", "text/csv"),
    (
        "/models/houses/predict",
        HOUSE,
        {"Content-Type": "application/x-www-form-urlencoded"},
        415,
        "unsupported-media-type",
        "application/json",
    ),
    ("/models/houses/predict", HOUSE, {"Content-Encoding": "gzip"}, 415, "unsupported-media-type", "compressed"),
    ("/models/houses/predict", "[]", {}, 422, "invalid-input", "at least one row"),
    ("/models/houses/predict", '{"area": 50}', {}, 422, "invalid-input", "bedrooms"),
    ("/models/houses/predict", '{"area": 50, "bedrooms": 3, "x": 1}', {}, 422, "invalid-input", "unknown field"),
    ("/models/houses/predict", '{"area": 50, "area": 60, "bedrooms": 3}', {}, 422, "invalid-input", "more than once"),
    ("/models/houses/predict", '{"area": "50", "bedrooms": 3}', {}, 422, "invalid-input", "a number"),
    ("/models/houses/predict", '{"area": true, "bedrooms": 3}', {}, 422, "invalid-input", "a number"),
    ("/models/houses/predict", '{"area": 1e999, "bedrooms": 3}', {}, 422, "invalid-input", "beyond the range"),
    ("/models/houses/predict", '{"area": null, "bedrooms": 3}', {}, 422, "invalid-input", "null"),
    ("/models/houses/predict", '{"area": 50, "bedrooms": 2.5}', {}, 422, "invalid-input", "whole number"),
    ("/models/houses/predict", "[1, 2, 3]", {}, 422, "invalid-input", "2 values in this order: area, bedrooms"),
    ("/models/houses/predict", "area\n1\n", CSV, 422, "invalid-input", "bedrooms"),
    ("/models/broken/predict", HOUSE, {}, 500, "prediction-failed", "request id"),
    ("/models/broken/transform", "x", {}, 400, "malformed-body", "not JSON"),
    ("/models/nan/predict", HOUSE, {}, 500, "prediction-failed", "request id"),
]


@pytest.mark.parametrize(("path", "body", "headers", "status", "slug", "word"), REFUSALS)
def test_what_can_not_be_answered_is_refused_by_name(
    ask: Ask, path: str, body: str | bytes, headers: dict[str, str], status: int, slug: str, word: str
) -> None:
    answer = ask("POST", path, body, headers)
    document = answer.json
    assert (answer.status, document["status"], document["type"]) == (status, status, f"urn:carafe:problem:{slug}")
    assert answer.headers["content-type"] == "application/problem+json"
    assert document["request_id"] == answer.headers["x-request-id"]
    told = document["detail"] + json.dumps(document.get("errors", []))
    assert word.lower() in told.lower()
    assert document["title"]


def test_every_wrong_field_is_listed_with_its_row(ask: Ask) -> None:
    document = ask("POST", "/models/houses/predict", '[[1, 2], ["1", 2], [1, true]]').json
    assert document["errors"] == [
        {"row": 1, "field": "area", "got": '"1"', "expected": "a number"},
        {"row": 2, "field": "bedrooms", "got": "true", "expected": "a whole number between -2^53 and 2^53 or null"},
    ]


@pytest.mark.parametrize("path", ["/models/broken/predict", "/models/nan/predict"])
def test_a_failure_inside_tells_no_path_class_or_traceback(ask: Ask, path: str) -> None:
    text = ask("POST", path, HOUSE).body.decode()
    assert not any(word in text for word in ("/secret", "ZeroDivision", "Traceback", "Error", ".py"))


def test_a_version_that_can_not_be_loaded_is_unavailable_and_named_by_slug_only(ask_house: Ask, house: House) -> None:
    publish_rule(house.service.registry, "bad", "corrupt")
    answer = ask_house("POST", "/models/bad/predict", HOUSE)
    assert (answer.status, answer.json["type"]) == (503, "urn:carafe:problem:corrupt-artefact")
    assert "digest" not in answer.body.decode()


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"])
def test_another_method_is_not_allowed(ask: Ask, method: str) -> None:
    answer = ask(method, "/models/houses/predict")
    assert answer.status == 405
    assert answer.headers["allow"] == "POST, OPTIONS"


def test_options_says_what_there_is(ask: Ask) -> None:
    answer = ask("OPTIONS", "/models/houses/predict")
    assert (answer.status, answer.headers["allow"], answer.body) == (204, "POST, OPTIONS", b"")


def test_all_mounts_answer_byte_for_byte_the_same(house: House) -> None:
    good: Refusal = ("/models/houses/predict", HOUSE, {}, 200, "", "")
    for path, body, headers, *_ in [good, *REFUSALS]:
        known = headers | {"X-Request-Id": "same"}
        expected = house.ask("POST", path, body, known)
        assert house.ask_lane("POST", path, body, known) == expected
        assert house.ask_fast("POST", path, body, known) == expected


def test_a_request_without_a_key_is_refused_before_its_body_is_read(house: House) -> None:
    for ask in (house.ask, house.ask_lane, house.ask_fast):
        answer = ask("POST", "/models/houses/predict", " " * (LIMIT + 1), {"X-API-Key": ""})
        assert answer.status == 401


@pytest.mark.parametrize("fast", [True, False])
def test_a_body_in_chunks_is_never_cut_off_at_the_limit(house: House, *, fast: bool) -> None:
    row = "1,2\n"
    app = house.fast if fast else house.app
    for length in (LIMIT - 100, LIMIT + 1):
        body = "area,bedrooms\n" + row * 3 + " " * length
        response = app.test_client().post(
            "/models/houses/predict",
            input_stream=io.BytesIO(body.encode()),
            content_type="text/csv",
            headers={"X-API-Key": house.keys[Role.PREDICTOR], "Transfer-Encoding": "chunked"},
            environ_overrides={"wsgi.input_terminated": True},
        )
        assert response.status_code == (413 if length > LIMIT else 422)


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("terminated", [True, False])
def test_a_body_that_ends_early_is_malformed(house: House, *, terminated: bool, fast: bool) -> None:
    response = (
        (house.fast if fast else house.app)
        .test_client()
        .post(
            "/models/houses/predict",
            input_stream=io.BytesIO(b"[50,"),
            headers={"X-API-Key": house.keys[Role.PREDICTOR]},
            environ_overrides={"CONTENT_LENGTH": "100", "wsgi.input_terminated": terminated},
        )
    )
    assert response.status_code == 400
    assert response.get_json()["detail"] == "the connection ended before the body did"


class Reset(io.RawIOBase):
    """What a server hands over of a client that has gone."""

    def readable(self) -> bool:
        """Tell that it seems to be there."""
        return True

    def readinto(self, _: object) -> int:
        """Fail as a socket does."""
        raise ConnectionResetError


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("chunked", [True, False])
def test_an_upload_that_is_reset_is_the_clients_failure(house: House, *, chunked: bool, fast: bool) -> None:
    headers = {"X-API-Key": house.keys[Role.PREDICTOR]} | ({"Transfer-Encoding": "chunked"} if chunked else {})
    response = (
        (house.fast if fast else house.app)
        .test_client()
        .post(
            "/models/houses/predict",
            headers=headers,
            environ_overrides={
                "CONTENT_LENGTH": "" if chunked else "100",
                "wsgi.input": Reset(),
                "wsgi.input_terminated": True,
            },
        )
    )
    assert response.status_code == 400
    assert response.get_json()["detail"] == "the connection ended before the body did"


def test_server_timing_tells_where_the_time_went_when_it_is_asked_for(ask: Ask) -> None:
    assert "server-timing" not in ask("POST", "/models/houses/predict", HOUSE).headers
    told = ask("POST", "/models/houses/predict?timing=true", HOUSE).headers["server-timing"]
    parts = dict(part.split(";dur=") for part in told.split(", "))
    assert list(parts) == ["decode", "wait", "run", "encode"]
    assert all(float(milliseconds) >= 0 for milliseconds in parts.values())
    assert float(parts["run"]) > 0
