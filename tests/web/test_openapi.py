from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from openapi_spec_validator import validate

from carafe.web.routes import ROUTES
from served import everything, publish_rule
from web.conftest import House, build_house


@pytest.fixture
def document(house: House) -> dict[str, Any]:
    found: dict[str, Any] = house.ask("GET", "/openapi.json").json
    return found


def body_schema(document: dict[str, Any], path: str) -> dict[str, Any]:
    found: dict[str, Any] = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
    return found


def reply_schema(document: dict[str, Any], path: str) -> dict[str, Any]:
    reply = document["paths"][path]["post"]["responses"]["200"]
    found: dict[str, Any] = reply["content"]["application/json"]["schema"]
    return found


def test_the_document_is_valid_openapi_3_1(house: House, empty_house: House) -> None:
    for served in (house, empty_house):
        document = served.ask("GET", "/openapi.json").json
        assert document["openapi"] == "3.1.0"
        validate(document)


def test_every_route_is_documented_with_its_permission_and_its_problems(document: dict[str, Any]) -> None:
    for route in ROUTES:
        operation = document["paths"][route.path.replace("<", "{").replace(">", "}")][route.method.lower()]
        statuses = set(operation["responses"])
        assert str(route.status) in statuses
        public = operation.get("security") == []
        assert ({"401", "403"} <= statuses) != public
    assert document["security"] == [{"bearer": []}, {"key": []}]


def test_open_mode_is_documented_without_keys() -> None:
    house = build_house(open=True)
    document = house.ask("GET", "/openapi.json").json
    validate(document)
    assert "security" not in document
    assert "securitySchemes" not in document["components"]
    house.service.close()


def test_every_model_has_its_own_typed_paths(document: dict[str, Any]) -> None:
    for name in ("houses", "iris", "everything", "broken", "nan"):
        assert f"/models/{name}/predict" in document["paths"]
        assert f"/models/{name}/transform" in document["paths"]


@pytest.mark.parametrize(
    ("name", "body", "fits"),
    [
        ("houses", {"area": 50, "bedrooms": 3}, True),
        ("houses", [50, None], True),
        ("houses", [[50, 3]], True),
        ("houses", [{"area": 50, "bedrooms": None}], True),
        ("houses", {"area": "50", "bedrooms": 3}, False),
        ("houses", {"area": 50}, False),
        ("houses", [50], False),
        ("houses", [], False),
        ("iris", [5.1, 3.5, 1.4, 0.2], True),
        ("everything", everything(), True),
        ("everything", everything(category=None, boolean=None, when=None), True),
        ("everything", everything(text=None), False),
    ],
)
def test_the_typed_request_says_what_the_service_does(
    house: House, document: dict[str, Any], name: str, body: object, *, fits: bool
) -> None:
    schema = body_schema(document, f"/models/{name}/predict")
    assert jsonschema.Draft202012Validator(schema).is_valid(body) == fits
    assert (house.ask("POST", f"/models/{name}/predict", json.dumps(body)).status == 200) == fits


@pytest.mark.parametrize(
    ("name", "body"),
    [("houses", [50, 3]), ("houses", [[50, 3]]), ("iris", [5.1, 3.5, 1.4, 0.2]), ("everything", [everything()])],
)
def test_the_answers_fit_the_typed_replies(house: House, document: dict[str, Any], name: str, body: object) -> None:
    for query in ("", "?probabilities=true") if name != "houses" else ("",):
        answer = house.ask("POST", f"/models/{name}/predict{query}", json.dumps(body)).json
        jsonschema.Draft202012Validator(reply_schema(document, f"/models/{name}/predict")).validate(answer)
    features = house.ask("POST", f"/models/{name}/transform", json.dumps(body)).json
    jsonschema.Draft202012Validator(reply_schema(document, f"/models/{name}/transform")).validate(features)


def test_a_classification_names_its_labels(document: dict[str, Any]) -> None:
    schema = reply_schema(document, "/models/iris/predict")
    assert schema["oneOf"][0]["properties"]["prediction"]["enum"] == ["setosa", "versicolor", "virginica"]
    assert not jsonschema.Draft202012Validator(schema).is_valid({"prediction": "rose"})


def test_a_model_without_probabilities_documents_none(house: House, document: dict[str, Any]) -> None:
    operation = document["paths"]["/models/houses/predict"]["post"]
    assert operation["parameters"] == []
    assert "probabilities" not in json.dumps(operation["responses"])
    assert house.ask("POST", "/models/houses/predict?probabilities=true", "[50, 3]").status == 400
    assert "probabilities" in json.dumps(document["paths"]["/models/iris/predict"]["post"]["responses"])


def test_the_example_of_a_request_is_answered(house: House, document: dict[str, Any]) -> None:
    content = document["paths"]["/models/houses/predict"]["post"]["requestBody"]["content"]["application/json"]
    assert house.ask("POST", "/models/houses/predict", json.dumps(content["example"])).status == 200


def test_the_management_answers_fit_their_documents(house: House, document: dict[str, Any]) -> None:
    publish_rule(house.service.registry, "houses", "houses")
    root = {"components": document["components"]}
    for path, name in [
        ("/models", "ModelPage"),
        ("/models/houses", "ModelDetail"),
        ("/models/houses/versions", "VersionPage"),
        ("/models/houses/versions/2", "VersionDocument"),
        ("/health/live", "Liveness"),
        ("/health/ready", "ReadinessDocument"),
        ("/version", "VersionInfo"),
        ("/models/nowhere", "Problem"),
    ]:
        schema = root | {"$ref": f"#/components/schemas/{name}"}
        jsonschema.Draft202012Validator(schema).validate(house.ask("GET", path).json)
