"""Why the typed reading refused a large body: the first problem alone, for reading on would take seconds.

msgspec tells what it met first and where. What it tells is turned into a problem only where the thorough reading would
refuse the same; in doubt (``3.0`` for an integer, records and lists mixed) nothing is said.
"""

from __future__ import annotations

import re

from carafe.errors import FieldProblem
from carafe.schema import Signature
from carafe.schema.values import expected_of

_PLACE = re.compile(r" - at `\$(?:\[(?P<row>\d+)\])?(?:\.(?P<name>.*)|\[(?P<column>\d+)\])?`$", re.DOTALL)
_GOT = re.compile(r"Expected `[^`]*`, got `(?P<got>\w+)`")
_FIELD = re.compile(r"Object (?P<what>missing required|contains unknown) field `(?P<name>.*)`", re.DOTALL)
_WIDTH = re.compile(r"Expected `array` of length \d+")
_SHOWN = {
    "str": "a string",
    "bool": "true or false",
    "null": "null",
    "array": "a list",
    "object": "an object",
    "int": "a whole number",
}


def first_problem(signature: Signature, story: str, *, listed: bool) -> FieldProblem | None:
    """Return the problem that msgspec's error tells of; None where the body may fit all the same.

    Args:
        signature: what the records must fit.
        story: the error's text.
        listed: whether the body is a list of records, so that the first index in a place is a row.
    """
    found = _PLACE.search(story)
    row, name, column = (found["row"], found["name"], found["column"]) if found else (None, None, None)
    if not listed and row is not None:  # a flat record: its only index is a column
        row, column = None, row
    what = story[: found.start()] if found else story
    number = int(row or 0)
    if name is None and column is None:
        return _of_record(signature, what, number)
    position = signature.position.get(name) if name is not None else int(column or 0)
    shown = _shown(what)
    if position is None or shown is None:
        return None
    about = signature.columns[position]
    return FieldProblem(row=number, field=about.name, got=shown, expected=expected_of(about))


def _shown(what: str) -> str | None:
    """Return what came in a field, in words; None where it may be taken all the same."""
    if what == "Number out of range":
        return "a number beyond the range of a double"
    got = _GOT.match(what)
    return None if got is None else _SHOWN.get(got["got"])


def _of_record(signature: Signature, what: str, row: int) -> FieldProblem | None:
    """Return the problem of a record as a whole."""
    known = ", ".join(signature.names[:20])
    if _WIDTH.fullmatch(what):
        expected = f"{len(signature.names)} values in this order: {known}"
        return FieldProblem(row=row, field="", got="a list of another length", expected=expected)
    field = _FIELD.fullmatch(what)
    if field is None:
        return None
    if field["what"] == "contains unknown":
        return FieldProblem(row=row, field=field["name"][:60], got="an unknown field", expected=f"one of: {known}")
    about = signature.columns[signature.position[field["name"]]]
    return FieldProblem(row=row, field=about.name, got="nothing", expected=expected_of(about))
