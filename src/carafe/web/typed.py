"""The shapes in which rows come and answers go, as JSON Schema around a model's own record and answer."""

from __future__ import annotations

from collections.abc import Sequence

from carafe.protocols.native import label_text
from carafe.schema import Label, Signature
from carafe.schema.json_schema import JsonSchema, column_schema


def rows_schema(record: JsonSchema, signature: Signature | None) -> JsonSchema:
    """Return the schema of a body of rows: one record, one list of values, or a list of either."""
    values: JsonSchema = {"type": "array", "description": "The values in signature order."}
    if signature is not None:
        columns = signature.columns
        values["prefixItems"] = [column_schema(column) for column in columns]
        values |= {"minItems": len(columns), "maxItems": len(columns), "items": False}
    many: JsonSchema = {"type": "array", "minItems": 1, "items": {"anyOf": [record, values]}}
    return {"anyOf": [record, values, many]}


def predictions_schema(answer: JsonSchema, labels: Sequence[Label] | None) -> JsonSchema:
    """Return the schema of an answer: to one record, or to many.

    Args:
        answer: the schema of one prediction.
        labels: the labels that have a probability, none where the model gives no probabilities; None for any model.
    """
    if labels is not None and not labels:
        return {"oneOf": [_object("prediction", answer), _object("predictions", _list(answer))]}
    chances: JsonSchema = {"type": "object", "additionalProperties": {"type": "number", "minimum": 0, "maximum": 1}}
    if labels is not None:
        texts = [label_text(label) for label in labels]
        chances = {
            "type": "object",
            "properties": {text: {"type": "number"} for text in texts},
            "required": texts,
            "additionalProperties": False,
        }
    one = _object("prediction", answer, "probabilities", chances)
    many = _object("predictions", _list(answer), "probabilities", _list(chances))
    return {"oneOf": [one, many]}


def features_schema() -> JsonSchema:
    """Return the schema of features: of one record, or of many."""
    features: JsonSchema = {"type": "object", "additionalProperties": {"type": ["number", "null"]}}
    return {"oneOf": [_object("features", features), _object("features", _list(features))]}


def _object(name: str, content: JsonSchema, optional: str = "", extra: JsonSchema | None = None) -> JsonSchema:
    properties = {name: content} | ({optional: extra} if optional else {})
    return {"type": "object", "properties": properties, "required": [name], "additionalProperties": False}


def _list(items: JsonSchema) -> JsonSchema:
    return {"type": "array", "items": items}
