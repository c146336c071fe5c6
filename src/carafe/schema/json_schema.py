"""A signature as JSON Schema (draft 2020-12): what a record looks like, and what an answer looks like."""

from __future__ import annotations

from typing import Any

from carafe.schema.signature import Column, Kind, Signature
from carafe.schema.values import EXACT_INTEGER

JsonSchema = dict[str, Any]
"""A JSON Schema document: the one place where a free dictionary is the thing itself."""

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_MOST_EXAMPLES = 20

_TYPES = {
    Kind.NUMBER: "number",
    Kind.INTEGER: "integer",
    Kind.BOOLEAN: "boolean",
    Kind.CATEGORY: "string",
    Kind.TEXT: "string",
    Kind.DATETIME: "string",
}

_MEANING = {
    Kind.NUMBER: "A number.",
    Kind.INTEGER: "A whole number.",
    Kind.BOOLEAN: "True or false.",
    Kind.CATEGORY: "A category.",
    Kind.TEXT: "A text.",
    Kind.DATETIME: "An ISO 8601 date or date-time; without an offset it is taken as UTC.",
}


def record_schema(signature: Signature) -> JsonSchema:
    """Return the JSON Schema of one record that the model takes."""
    return {
        "type": "object",
        "properties": {column.name: column_schema(column) for column in signature.columns},
        "required": list(signature.names),
        "additionalProperties": False,
    }


def column_schema(column: Column) -> JsonSchema:
    """Return the JSON Schema of one field.

    Categories and ranges met in training are told as examples and in the description: others are taken, too.
    """
    names = [_TYPES[column.kind]]
    if column.is_numbered:
        names.insert(0, "integer")
    if column.nullable:
        names.append("null")
    schema: JsonSchema = {"type": names if len(names) > 1 else names[0], "description": _description(column)}
    if column.kind is Kind.INTEGER:
        schema |= {"minimum": -EXACT_INTEGER, "maximum": EXACT_INTEGER}
    examples = _examples(column)
    return schema | ({"examples": examples} if examples else {})


def answer_schema(signature: Signature) -> JsonSchema:
    """Return the JSON Schema of one answer: a number, or one of the labels."""
    classes = signature.target.classes
    about = f"The predicted {signature.target.name}."
    return {"enum": list(classes), "description": about} if classes else {"type": "number", "description": about}


def example_record(signature: Signature) -> dict[str, Any] | None:
    """Return a record made of the columns' examples, or None where a column has none and does not take null."""
    record: dict[str, Any] = {}
    for column in signature.columns:
        examples = _examples(column)
        if not examples and not column.nullable:
            return None
        record[column.name] = examples[0] if examples else None
    return record


def _description(column: Column) -> str:
    parts = [_MEANING[column.kind]]
    if column.minimum is not None and column.maximum is not None:
        parts.append(f"Met in training: {_plain(column.minimum)} to {_plain(column.maximum)}.")
    if column.kind is Kind.CATEGORY:
        shown = ", ".join(map(str, column.categories[:_MOST_EXAMPLES]))
        rest = len(column.categories) - _MOST_EXAMPLES
        more = f" and {rest} more" if rest > 0 else ""
        known = f"Met in training: {shown}{more}; another" if shown else "A"
        parts.append(f"{known} value that training did not meet is served as unknown.")
    if column.nullable:
        parts.append("null is a missing value.")
    return " ".join(parts)


def _examples(column: Column) -> list[Any]:
    first = [] if column.example is None else [column.example]
    return [*first, *(value for value in column.categories[:_MOST_EXAMPLES] if value not in first)]


def _plain(number: float) -> str:
    return f"{number:.15g}"
