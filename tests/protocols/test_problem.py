from __future__ import annotations

import json
from collections.abc import Iterator

import msgspec
import pytest

from carafe.errors import (
    CarafeError,
    CorruptArtefact,
    DocumentProblem,
    FieldProblem,
    InvalidDocument,
    InvalidInput,
    ModelNotFound,
    ServerBusy,
)
from carafe.protocols.problem import STATUS, problem_of, status_of


def every_error(kind: type[CarafeError] = CarafeError) -> Iterator[type[CarafeError]]:
    """Yield every error of Carafe's own; other tests of this process may have made some, too."""
    yield kind
    for child in kind.__subclasses__():
        if child.__module__.startswith("carafe."):
            yield from every_error(child)


@pytest.mark.parametrize("kind", sorted(set(every_error()), key=str))
def test_every_error_has_a_status(kind: type[CarafeError]) -> None:
    assert kind.slug in STATUS


def test_slugs_are_unique() -> None:
    slugs = [kind.slug for kind in set(every_error()) if kind.__module__ == "carafe.errors"]
    assert len(slugs) > 40
    assert len(slugs) == len(set(slugs))


def test_a_problem_document_names_type_title_status_detail_and_request() -> None:
    document = json.loads(msgspec.json.encode(problem_of(ModelNotFound("no model 'x'"), request_id="r1")))
    assert document == {
        "type": "urn:carafe:problem:model-not-found",
        "title": "There is no such model",
        "status": 404,
        "detail": "no model 'x'",
        "request_id": "r1",
    }


def test_invalid_input_lists_every_field() -> None:
    error = InvalidInput([FieldProblem(row=2, field="area", got="null", expected="a number")])
    document = json.loads(msgspec.json.encode(problem_of(error, request_id="r1")))
    assert document["status"] == 422
    assert document["errors"] == [{"row": 2, "field": "area", "got": "null", "expected": "a number"}]


def test_a_document_has_fields_and_no_rows() -> None:
    error = InvalidDocument([DocumentProblem(field="version", got="a string", expected="a whole number")])
    document = json.loads(msgspec.json.encode(problem_of(error, request_id="r1")))
    assert (document["status"], document["title"]) == (422, "The body does not say what this needs")
    assert document["detail"] == "version: got a string, expected a whole number"
    assert document["errors"] == [{"field": "version", "got": "a string", "expected": "a whole number"}]


def test_what_went_wrong_inside_is_not_told_to_the_client() -> None:
    document = problem_of(CorruptArtefact("/secret/place/model.skops: digest differs"), request_id="r1")
    assert document.status == 503
    assert "/secret" not in document.detail
    assert "r1" in document.detail


def test_a_busy_server_says_what_for() -> None:
    document = problem_of(ServerBusy("houses@3: 64 requests wait for it already"), request_id="r1")
    assert document.status == 503
    assert document.detail == "houses@3: 64 requests wait for it already"


def test_an_error_without_an_entry_is_the_servers_fault() -> None:
    class Strange(CarafeError):
        slug = "strange"

    assert status_of(Strange("?")) == 500
