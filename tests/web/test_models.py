from __future__ import annotations

import json

import jsonschema
import pytest

from served import publish_rule
from web.conftest import House

HOUSE = '{"area": 50, "bedrooms": 3}'


def names(house: House, query: str) -> list[str]:
    return [model["name"] for model in house.ask("GET", f"/models{query}").json["models"]]


def test_models_are_listed_with_their_aliases_and_counted(house: House) -> None:
    page = house.ask("GET", "/models").json
    assert page["total"] == 5
    assert (page["page"], page["page_size"]) == (1, 50)
    model = next(model for model in page["models"] if model["name"] == "houses")
    created = model.pop("created")
    assert created.endswith("Z")
    assert model == {"name": "houses", "task": "regression", "latest": 1, "versions": 1, "aliases": {"champion": 1}}


def test_a_list_is_paged_filtered_and_sorted(house: House) -> None:
    assert names(house, "?page_size=2") == ["broken", "everything"]
    assert names(house, "?page_size=2&page=3") == ["nan"]
    assert names(house, "?page=9") == []
    assert names(house, "?name=r") == ["broken", "everything", "iris"]
    assert names(house, "?task=classification") == ["everything", "iris"]
    assert names(house, "?sort=-name")[0] == "nan"
    assert names(house, "?sort=-created")[0] == "nan"
    assert names(house, "?sort=created")[0] == "houses"


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("?page=0", "whole number"),
        ("?page=x", "whole number"),
        ("?page_size=1001", "page_size: got '1001', expected a whole number from 1 to 1000"),
        ("?page=1000001", "page: got '1000001', expected a whole number from 1 to 1000000"),
        ("?task=magic", "classification or regression"),
        ("?sort=size", "name or created"),
        ("?order=name", "page, page_size, name, task, sort"),
        ("?name=%00", "part of a name: got '\\x00', expected up to 64 letters"),
        ("?name=%ff", "UTF-8"),
    ],
)
def test_a_parameter_that_can_not_be_used_is_named(house: House, query: str, word: str) -> None:
    answer = house.ask("GET", f"/models{query}")
    assert (answer.status, answer.json["type"]) == (400, "urn:carafe:problem:invalid-parameter")
    assert word in answer.json["detail"]


def test_a_model_a_version_and_the_versions_are_shown(house: House) -> None:
    publish_rule(house.service.registry, "houses", "cheap houses")
    assert house.ask("GET", "/models/houses").json["versions"] == 2
    versions = house.ask("GET", "/models/houses/versions?sort=-created").json
    assert [version["version"] for version in versions["versions"]] == [2, 1]
    assert versions["total"] == 2
    version = house.ask("GET", "/models/houses/versions/1").json
    assert (version["model"], version["version"], version["aliases"]) == ("houses", 1, ["champion"])
    assert [column["name"] for column in version["signature"]["columns"]] == ["area", "bedrooms"]
    assert version["verdict"].startswith("champion")


def test_the_schema_of_a_record_takes_what_the_model_takes(house: House) -> None:
    answer = house.ask("GET", "/models/houses/schema")
    assert answer.headers["x-carafe-model"] == "houses@1"
    schema = answer.json
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(HOUSE), schema)
    assert not jsonschema.Draft202012Validator(schema).is_valid({"area": "50", "bedrooms": 3})


@pytest.mark.parametrize(
    ("path", "slug"),
    [
        ("/models/nowhere", "model-not-found"),
        ("/models/nowhere/schema", "model-not-found"),
        ("/models/nowhere/versions", "model-not-found"),
        ("/models/houses/versions/7", "version-not-found"),
        ("/models/houses/nothing", "not-found"),
        ("/models/", "not-found"),
        ("/nothing", "not-found"),
    ],
)
def test_what_is_not_there_is_a_problem_document(house: House, path: str, slug: str) -> None:
    answer = house.ask("GET", path)
    assert (answer.status, answer.json["type"]) == (404, f"urn:carafe:problem:{slug}")
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_version_is_deleted_unless_an_alias_points_at_it(house: House) -> None:
    publish_rule(house.service.registry, "houses", "cheap houses")
    assert house.ask("POST", "/models/houses/versions/2/predict", HOUSE).status == 200
    used = house.ask("DELETE", "/models/houses/versions/1")
    assert (used.status, used.json["type"]) == (409, "urn:carafe:problem:version-in-use")
    gone = house.ask("DELETE", "/models/houses/versions/2")
    assert (gone.status, gone.body) == (204, b"")
    assert house.ask("DELETE", "/models/houses/versions/2").status == 404
    assert house.ask("POST", "/models/houses/versions/2/predict", HOUSE).status == 404
