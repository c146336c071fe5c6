"""One field of a body's first record, found without reading the rest: by it a caller may be kept with a version.

The body is decoded in earnest later, by the version that was chosen. So nothing is refused here: where the field can't
be found, whatever the reason, there is none.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Sequence
from json import JSONDecoder

from carafe.protocols.native_csv import field_value
from carafe.schema import Signature
from carafe.schema.values import EXACT_INTEGER

_HEAD = 64 * 1024
"""How much of a long body is looked at first, in bytes; a first record that is longer is read as a whole."""

_SPACE = " \t\r\n"
_read = JSONDecoder().raw_decode


def first_field_json(signature: Signature, body: bytes, name: str) -> str | None:
    """Return a field of the first record of a JSON body; None where it has none.

    Args:
        signature: says which value of a flat list the field is.
        body: as it came: a record, or a list of them, as objects or as lists.
        name: the field's name.
    """
    for head in _heads(body):
        try:
            return canonical(_of_record(signature, _first_record(head.decode("utf-8", "ignore")), name))
        except (ValueError, RecursionError):  # not JSON, or not to its end
            continue
    return None


def first_field_csv(signature: Signature, body: bytes, name: str) -> str | None:
    """Return a field of the first row of a CSV body with a header; None where it has none.

    Args:
        signature: says whether the field is a number, as ``7.0`` and ``7`` are the same one then.
        body: as it came.
        name: the field's name.
    """
    for head in _heads(body):
        reader = csv.reader(io.StringIO(head.decode("utf-8-sig", "ignore"), newline=""), strict=True)
        try:
            header = next(reader, [])
            row = next(filter(None, reader), [])
            whole = len(head) == len(body) or next(reader, None) is not None
        except csv.Error:
            continue
        if whole:
            return _of_row(signature, dict(zip(header, row, strict=False)), name)
    return None


def canonical(value: object) -> str | None:
    """Return a value as the text that it is told apart by: 7, 7.0 and "7" are one. None where there is no value."""
    if isinstance(value, str):
        return value or None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if math.isfinite(value) and value == int(value) <= EXACT_INTEGER else repr(value)
    return str(value) if isinstance(value, int) else None


def _heads(body: bytes) -> Iterator[bytes]:
    """Yield the beginning of a long body, then all of it."""
    if len(body) > _HEAD:
        yield body[:_HEAD]
    yield body


def _first_record(text: str) -> object:
    begin = _value(text, 0)
    if text.startswith("[", begin):
        inner = _value(text, begin + 1)
        if text.startswith(("{", "["), inner):
            begin = inner
    return _read(text, begin)[0]


def _value(text: str, begin: int) -> int:
    """Return where the next value begins."""
    while text[begin : begin + 1] in _SPACE and begin < len(text):
        begin += 1
    return begin


def _of_record(signature: Signature, record: object, name: str) -> object:
    if isinstance(record, dict):
        return record.get(name)
    position = signature.position.get(name)
    if not isinstance(record, Sequence) or isinstance(record, str) or position is None or position >= len(record):
        return None
    value: object = record[position]
    return value


def _of_row(signature: Signature, row: dict[str, str], name: str) -> str | None:
    text, position = row.get(name), signature.position.get(name)
    if text is None or position is None:
        return text or None
    return canonical(field_value(signature.columns[position], text))
