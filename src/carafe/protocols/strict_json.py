"""JSON as RFC 8259 has it, and nothing more: no NaN, no trailing bytes, no deep nests, no field named twice."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any, NoReturn

import msgspec

from carafe.errors import FieldProblem, MalformedBody

_MEMBER = re.compile(rb'"\s*:')
_MANY_DIGITS = 400
"""An integer with more digits is beyond every double; Python would refuse to read one of 4,300."""


class Repeated(dict[str, Any]):
    """An object that names a field more than once; ``names`` says which."""

    names: tuple[str, ...] = ()


def read_json(body: bytes) -> Any:  # noqa: ANN401 - JSON holds anything
    """Return what ``body`` holds; an object that repeats a field comes back as Repeated.

    A number too large for a double is infinite here, so that the column it was meant for can refuse it by name.

    Raises:
        MalformedBody: when it is not UTF-8, not JSON, or nested hundreds of levels deep.
    """
    try:
        value = msgspec.json.decode(body)
    except msgspec.ValidationError:  # a number out of range: read again, in the way that can say where
        return _read_closely(body)
    except UnicodeDecodeError as error:
        raise MalformedBody(f"the body is not UTF-8: byte {error.start} of a text can't be decoded") from None
    except msgspec.DecodeError as error:
        story = str(error).removeprefix("JSON is malformed: ")
        raise MalformedBody(f"the body is not JSON: {story.lower()}") from None
    except RecursionError:
        raise MalformedBody("the body is nested too deeply; a record is one object or list of plain values") from None
    return value if _names_are_unique(value, body) else _read_closely(body)


def repetitions(records: Sequence[object]) -> list[FieldProblem]:
    """Return one problem for every field that a record names more than once."""
    return [
        FieldProblem(row=row, field=name[:60], got="the field more than once", expected="each field once")
        for row, record in enumerate(records)
        if isinstance(record, Repeated)
        for name in record.names
    ]


def _names_are_unique(value: object, body: bytes) -> bool:
    """Tell cheaply whether no object of the body lost a field to a namesake.

    Every member of an object costs the text at least one colon. Where the decoded members are as many as the colons,
    none was lost; where texts hold colons too, the quoted ones are counted; else the close reading decides.
    """
    records = value if isinstance(value, list) else [value]
    members = sum(len(record) for record in records if isinstance(record, dict))
    return members == body.count(b":") or members == len(_MEMBER.findall(body))


def _read_closely(body: bytes) -> Any:  # noqa: ANN401 - JSON holds anything
    try:
        text = body.decode()
        return json.loads(
            text, object_pairs_hook=_object, parse_constant=_refuse_constant, parse_int=_integer, parse_float=float
        )
    except (ValueError, RecursionError) as error:
        raise MalformedBody(f"the body is not JSON: {str(error).lower()}") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    for name, _ in pairs:
        name.encode()  # half a surrogate pair is no text, though this reader lets it pass
    fields = dict(pairs)
    if len(fields) == len(pairs):
        return fields
    repeated = Repeated(fields)
    repeated.names = tuple(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
    return repeated


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= _MANY_DIGITS else math.copysign(math.inf, -1 if digits[0] == "-" else 1)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
