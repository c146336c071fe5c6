"""A JSON body as a typed document, for routes that take something else than rows."""

from __future__ import annotations

import re
from typing import TypeVar

import msgspec

from carafe.errors import FieldProblem, InvalidInput
from carafe.protocols.strict_json import Repeated, read_json, repetitions

T = TypeVar("T")

_STORIES = (
    (re.compile(r"Object missing required field `(?P<field>[^`]*)`"), "nothing", "a value for it"),
    (re.compile(r"Object contains unknown field `(?P<field>[^`]*)`"), "an unknown field", "only documented fields"),
    (re.compile(r"Expected (?P<expected>.*), got (?P<got>.*?)(?: - at `(?P<field>[^`]*)`)?"), "", ""),
    (re.compile(r"Expected (?P<expected>.*?)(?: - at `(?P<field>[^`]*)`)?"), "another value", ""),
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
        InvalidInput: when it is JSON of another shape; names the field.
    """
    value = read_json(body)
    if isinstance(value, Repeated):
        raise InvalidInput(repetitions([value]))
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise InvalidInput([_problem(str(error))]) from None


def _problem(message: str) -> FieldProblem:
    for pattern, got, expected in _STORIES:
        if found := pattern.fullmatch(message):
            parts = {name: (text or "").replace("`", "") for name, text in found.groupdict().items()}
            field = parts["field"].removeprefix("$").removeprefix(".")[:60]
            came, wanted = parts.get("got") or got, parts.get("expected") or expected
            return FieldProblem(row=0, field=field, got=_WORDS.get(came, came), expected=_worded(wanted))
    return FieldProblem(row=0, field="", got="another document", expected=message)


def _worded(expected: str) -> str:
    """Return ``int | null`` as "a whole number or null"."""
    return " or ".join(_WORDS.get(name, name) for name in expected.split(" | "))
