from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carafe.errors import NotAcceptable, UnsupportedMediaType
from carafe.protocols.media import CSV, JSON, choose, media_type

BOTH = (JSON, CSV)


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        (None, JSON),
        ("", JSON),
        ("application/json", JSON),
        ("Application/JSON; charset=UTF-8", JSON),
        ('text/csv; charset="utf-8"; header=present', CSV),
        ("text/csv;charset=us-ascii", CSV),
    ],
)
def test_a_body_is_what_its_header_says_and_json_where_it_says_nothing(header: str | None, kind: str) -> None:
    assert media_type(header, offered=BOTH) == kind


@pytest.mark.parametrize(
    "header",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json; charset=latin-1",
        "json",
        "/",
        ";",
        "x" * 999,
    ],
)
def test_another_type_or_charset_is_refused_with_what_is_taken(header: str) -> None:
    with pytest.raises(UnsupportedMediaType, match=r"Content-Type: got .*expected"):
        media_type(header, offered=BOTH)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "identity, gzip"])
def test_a_compressed_body_is_refused(encoding: str) -> None:
    with pytest.raises(UnsupportedMediaType, match="Content-Encoding"):
        media_type(JSON, offered=BOTH, encoding=encoding)
    assert media_type(JSON, offered=BOTH, encoding="identity") == JSON


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("text/csv", CSV),
        ("TEXT/CSV", CSV),
        ("text/*", CSV),
        ("application/json;q=0.5, text/csv;q=0.9", CSV),
        ("text/csv;q=0.1, */*", JSON),
        ("application/json;q=0, */*", CSV),
        ("text/html, */*;q=0.8", JSON),
        ("no sense at all", JSON),
    ],
)
def test_the_answers_format_is_the_clients_favourite(accept: str | None, kind: str) -> None:
    assert choose(accept, offered=BOTH) == kind


@pytest.mark.parametrize("accept", ["text/html", "application/json;q=0, text/csv;q=0", "*/*;q=0"])
def test_a_client_that_takes_neither_is_told_what_there_is(accept: str) -> None:
    with pytest.raises(NotAcceptable, match="application/json or text/csv"):
        choose(accept, offered=BOTH)


@given(st.text(max_size=40))
def test_any_accept_header_is_understood_or_refused(header: str) -> None:
    with contextlib.suppress(NotAcceptable):
        assert choose(header, offered=BOTH) in BOTH


@given(st.text(max_size=40))
def test_any_content_type_is_understood_or_refused(header: str) -> None:
    with contextlib.suppress(UnsupportedMediaType):
        assert media_type(header, offered=BOTH) in BOTH


def test_a_body_sent_by_curl_without_a_type_is_told_which_flag_to_add() -> None:
    with pytest.raises(UnsupportedMediaType, match="with curl, add -H 'Content-Type: application/json'"):
        media_type("application/x-www-form-urlencoded", offered=(JSON, CSV))
