"""Whatever comes in, what goes out is an answer or a problem document, never a failure of the server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from carafe.web.blueprint import VERBS
from served import EVERYTHING, everything, publish_rule
from web.conftest import House, build_house

quiet = settings(suppress_health_check=[HealthCheck.too_slow])

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
documents = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4)
)
names = st.sampled_from([*EVERYTHING.names, "other"])
records = st.dictionaries(names, scalars).map(lambda changes: everything(**changes))
bodies = st.one_of(
    st.binary(max_size=80),
    documents.map(lambda value: json.dumps(value).encode()),
    (records | st.lists(records, max_size=3)).map(lambda value: json.dumps(value).encode()),
    st.text(max_size=40).map(lambda text: f"{','.join(EVERYTHING.names)}\n{text}".encode("utf-8", "replace")),
)
header_texts = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=30)


@pytest.fixture(scope="module")
def standing() -> Iterator[House]:
    house = build_house()
    for name in ("everything", "houses"):
        publish_rule(house.service.registry, name, name)
    yield house
    house.service.close()


@quiet
@given(
    body=bodies,
    kind=st.sampled_from(["application/json", "text/csv", ""]),
    query=st.sampled_from(["", "?probabilities"]),
)
def test_any_body_is_answered_or_refused(standing: House, body: bytes, kind: str, query: str) -> None:
    for action in (f"predict{query}", "transform"):
        answer = standing.ask_lane("POST", f"/models/everything/{action}", body, {"Content-Type": kind})
        assert answer.status in {200, 400, 413, 415, 422}
        if answer.status != 200:
            assert answer.json["detail"]


@quiet
@given(
    verb=st.sampled_from(VERBS),
    path=st.text(max_size=20) | st.sampled_from(["models", "models/houses", "models/houses/versions/1", "docs"]),
    query=st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20),
)
def test_any_path_and_query_is_answered_or_refused(standing: House, verb: str, path: str, query: str) -> None:
    if verb == "DELETE":
        return
    response = standing.app.test_client().open(
        f"/{quote(path)}",
        method=verb,
        query_string=query,
        headers={"X-API-Key": next(reversed(standing.keys.values()))},
    )
    assert response.status_code < 500
    assert response.headers["X-Request-Id"]


@quiet
@given(name=st.sampled_from(["Accept", "Content-Type", "X-Request-Id", "Authorization", "Origin"]), value=header_texts)
def test_any_header_is_understood_or_refused(standing: House, name: str, value: str) -> None:
    answer = standing.ask("POST", "/models/houses/predict", "[50, 3]", {name: value})
    assert answer.status in {200, 400, 401, 406, 415}
