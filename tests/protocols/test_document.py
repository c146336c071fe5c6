from __future__ import annotations

import msgspec
import pytest

from carafe.errors import InvalidDocument, MalformedBody
from carafe.protocols.document import read_document


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    size: int


class Order(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    number: int
    note: str | None = None
    parts: tuple[Part, ...] = ()


def test_a_document_is_read_into_its_type() -> None:
    assert read_document(b'{"number": 3}', Order) == Order(number=3)


@pytest.mark.parametrize(
    ("body", "field", "got", "expected"),
    [
        (b"{}", "number", "nothing", "a value for it"),
        (b'{"number": "3"}', "number", "a string", "a whole number"),
        (b'{"number": 3.5}', "number", "a number", "a whole number"),
        (b'{"number": 3, "note": true}', "note", "true or false", "a string or null"),
        (b'{"number": 3, "x": 1}', "x", "an unknown field", "only documented fields"),
        (b'{"number": 3, "number": 4}', "number", "the field more than once", "each field once"),
        (b'{"number": 3, "parts": [{}]}', "parts[0].size", "nothing", "a value for it"),
        (
            b'{"number": 3, "parts": [{"size": 1}, {"size": 1, "x": 1}]}',
            "parts[1].x",
            "an unknown field",
            "only documented fields",
        ),
        (b'{"number": 3, "parts": [{"size": "1"}]}', "parts[0].size", "a string", "a whole number"),
        (b"[1]", "", "a list", "an object"),
        (b"3", "", "a whole number", "an object"),
    ],
)
def test_another_shape_is_named(body: bytes, field: str, got: str, expected: str) -> None:
    with pytest.raises(InvalidDocument) as caught:
        read_document(body, Order)
    (problem,) = caught.value.problems
    assert (problem.field, problem.got, problem.expected) == (field, got, expected)


def test_what_is_not_json_is_malformed() -> None:
    with pytest.raises(MalformedBody):
        read_document(b"{", Order)
