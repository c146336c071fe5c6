"""A JSON body as a typed document, for routes that take something else than rows."""

from __future__ import annotations

import re
from typing import TypeVar

import msgspec

from carafe.errors import DocumentProblem, InvalidDocument
from carafe.protocols.strict_json import Repeated, read_json, repetitions

T = TypeVar("T")

_AT = r"(?: - at `\$(?P<place>[^`]*)`)?"
"""Where msgspec says that something is wrong, from the document's root."""

_STORIES = (
    (re.compile(rf"Object missing required field `(?P<member>[^`]*)`{_AT}"), "nothing", "a value for it"),
    (
        re.compile(rf"Object contains unknown field `(?P<member>[^`]*)`{_AT}"),
        "an unknown field",
        "only documented fields",
    ),
    (re.compile(rf"Expected (?P<expected>.*), got (?P<got>.*?){_AT}"), "", ""),
    (re.compile(rf"Expected (?P<expected>.*?){_AT}"), "another value", ""),
)

_WORDS = {
    "int": "a whole number",
    "float": "a number",
    "str": "a string",
    "bool": "true or false",
    "null": "null",
    "array": "a list",
    "object": "an object",
}
"""What msgspec's names of types are called where people read them."""


def read_document(body: bytes, kind: type[T]) -> T:
    """Return ``body`` as the msgspec Struct ``kind``.

    Raises:
        MalformedBody: when it is not JSON.
        InvalidDocument: when it is JSON of another shape; names the field.
    """
    value = read_json(body)
    if isinstance(value, Repeated):
        raise InvalidDocument(
            [DocumentProblem(field=one.field, got=one.got, expected=one.expected) for one in repetitions([value])]
        )
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise InvalidDocument([_problem(str(error))]) from None


def _problem(message: str) -> DocumentProblem:
    for pattern, got, expected in _STORIES:
        if found := pattern.fullmatch(message):
            parts = {name: (text or "").replace("`", "") for name, text in found.groupdict().items()}
            field = ".".join(filter(None, (parts["place"].removeprefix("."), parts.get("member"))))[:60]
            came, wanted = parts.get("got") or got, parts.get("expected") or expected
            return DocumentProblem(field=field, got=_WORDS.get(came, came), expected=_worded(wanted))
    return DocumentProblem(field="", got="another document", expected=message)


def _worded(expected: str) -> str:
    """Return ``int | null`` as "a whole number or null"."""
    return " or ".join(_WORDS.get(name, name) for name in expected.split(" | "))
