"""The OpenAPI 3.1 document, built from the route table and from each model's own signature."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from carafe._version import __version__
from carafe.protocols.media import ARROW, CSV, JSON, JSON_LINES, PARQUET, PROBLEM
from carafe.protocols.problem import Problem
from carafe.registry import Version
from carafe.schema import Label, Signature
from carafe.schema.json_schema import JsonSchema, answer_schema, example_record, record_schema
from carafe.web.route import PUBLIC, Body, Content, Parameter, Route
from carafe.web.typed import features_schema, predictions_schema, rows_schema

_REFERENCE = "#/components/schemas/{name}"
_ANY_RECORD: JsonSchema = {"type": "object", "description": "One field a column, as the model's own schema says."}
_ANY_ANSWER: JsonSchema = {"description": "A number, or a label in its own type."}
_SCORED = "The table's rows in order, each with its answer, or in the column error the reason why it has none."

_MEANING = {
    400: "The request can't be read, or a parameter can't be used.",
    401: "A valid key is needed.",
    403: "This key does not permit that.",
    404: "There is no such thing.",
    406: "No acceptable answer format.",
    409: "As things are it can't be: the version is in use, the gates refuse it, or nothing is there to go back to.",
    412: "It is no longer, or not, what the condition says; look again, then decide.",
    413: "The body is too large.",
    415: "The body's type is not supported here.",
    422: "The input does not fit; `errors` names every field, and its row where there are rows.",
    500: "Something went wrong inside the server.",
    503: "This can't be answered now.",
    504: "The time that the client gave is over.",
}

_CONDITIONS: tuple[JsonSchema, ...] = (
    {
        "name": "If-Match",
        "in": "header",
        "description": "Only change the alias if it has one of these revisions, in quotes; `*`: if there is one.",
        "schema": {"type": "string"},
    },
    {
        "name": "If-None-Match",
        "in": "header",
        "description": "`*`: only if there is no such alias yet.",
        "schema": {"type": "string"},
    },
)

_TAGS = (
    {"name": "predictions", "description": "Ask any model."},
    {"name": "models", "description": "Models, their versions, and the aliases that point at versions."},
    {"name": "rollouts", "description": "New versions that take an alias over in steps."},
    {"name": "service", "description": "This service itself."},
)


def describe(routes: Sequence[Route], *, versions: Sequence[Version], base: str, keys: bool) -> JsonSchema:
    """Return the document: for each of ``versions`` its model's own typed paths, then the general routes.

    Args:
        routes: the route table.
        versions: the champions that are to be described one by one.
        base: the path that Carafe is mounted at.
        keys: whether keys are asked for.
    """
    paths: dict[str, Any] = {}
    for version in versions:
        for route in routes:
            if route.path in _TYPED:
                paths[route.path.replace("<name>", version.name)] = {"post": _typed(route, version)}
    for route in routes:
        paths.setdefault(_template(route.path), {})[route.method.lower()] = _operation(route)
    document: JsonSchema = {
        "openapi": "3.1.0",
        "info": {
            "title": "Carafe",
            "version": __version__,
            "description": "Predictions by trained models. Every error is an RFC 9457 problem document.",
        },
        "servers": [{"url": base or "/"}],
        "tags": [*({"name": str(version), "description": _about(version)} for version in versions), *_TAGS],
        "paths": paths,
        "components": {"schemas": _schemas(routes)},
    }
    if keys:
        document["components"]["securitySchemes"] = _SECURITY_SCHEMES
        document["security"] = [{"bearer": []}, {"key": []}]
    return document


_TYPED = ("/models/<name>/predict", "/models/<name>/transform")

_SECURITY_SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "An API key, as a bearer token."},
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "An API key."},
}


def _operation(route: Route) -> JsonSchema:
    operation: JsonSchema = {
        "operationId": f"{route.method.lower()}{_camel(route.path)}",
        "summary": route.summary,
        "tags": [route.tag],
        "parameters": [
            *_segments(route.path),
            *map(_parameter, route.query),
            *(_CONDITIONS if route.conditional else ()),
        ],
        "responses": _responses(route, _content(route.gives, _ANY_ANSWER)),
    }
    if route.permission is PUBLIC:
        operation["security"] = []
    if route.takes is not None:
        operation["requestBody"] = {"required": not route.body_optional, "content": _taken(route.takes)}
    return operation


def _typed(route: Route, version: Version) -> JsonSchema:
    """Return the operation of one model: what its champion takes and answers."""
    signature = version.manifest.signature
    operation = _operation(route)
    operation["operationId"] += f"Of{_camel(version.name)}"
    operation["summary"] = f"{version.name}: {route.summary[0].lower()}{route.summary[1:]}"
    operation["tags"] = [str(version)]
    labels = signature.target.classes if version.manifest.probabilities else ()
    operation["parameters"] = [*map(_parameter, route.query)] if labels else []
    operation["requestBody"] = {"required": True, "content": _rows(signature)}
    content = _content(route.gives, answer_schema(signature), labels=labels)
    operation["responses"] = _responses(route, content)
    return operation


def _about(version: Version) -> str:
    target = version.manifest.signature.target
    figures = ", ".join(f"{metric.name} {metric.value:.4g}" for metric in version.manifest.metrics[:4])
    return f"{target.task.capitalize()} of {target.name} by {version.manifest.algorithm}." + (
        f" On rows never seen: {figures}." if figures else ""
    )


def _responses(route: Route, content: JsonSchema | None) -> JsonSchema:
    success: JsonSchema = {"description": route.summary + "."}
    if content is not None:
        success["content"] = content
    if route.lane:
        success["headers"] = {
            "X-Carafe-Model": {"description": "The version that answered.", "schema": {"type": "string"}},
            "X-Carafe-Unseen": {
                "description": "How many category values training had not met; absent where there are none.",
                "schema": {"type": "integer"},
            },
        }
    if route.tagged:
        about = "The alias's revision, in quotes: what If-Match expects. Absent of an alias as it was in the past."
        success["headers"] = {"ETag": {"description": about, "schema": {"type": "string"}}}
    own = {401, 403} if route.permission is not PUBLIC else set()
    statuses = sorted({*route.problems, *own, 500})
    problem = {"schema": {"$ref": _REFERENCE.format(name="Problem")}}
    replies: JsonSchema = {
        str(status): {"description": _MEANING[status], "content": {PROBLEM: problem}} for status in statuses
    }
    if isinstance(route.gives, type) and 503 in route.problems and not route.lane and content is not None:
        replies["503"]["content"] |= content
    return {str(route.status): success, **replies}


def _content(gives: Content, answer: JsonSchema, *, labels: Sequence[Label] | None = None) -> JsonSchema | None:
    """Return the media types of a successful reply, or None where it has no body."""
    if isinstance(gives, type):
        return {JSON: {"schema": {"$ref": _REFERENCE.format(name=gives.__name__)}}}
    chances = "" if labels is not None and not labels else ", and the probabilities by label"
    return {
        Body.PREDICTIONS: {
            JSON: {"schema": predictions_schema(answer, labels)},
            CSV: {"schema": {"type": "string", "description": f"A column prediction{chances}."}},
        },
        Body.SCORED: {
            kind: {"schema": {"type": "string", "description": _SCORED}} for kind in (CSV, JSON_LINES, ARROW)
        },
        Body.FEATURES: {JSON: {"schema": features_schema()}},
        Body.SCHEMA: {JSON: {"schema": {"type": "object"}}},
        Body.TEXT: {"text/plain": {"schema": {"type": "string"}}},
        Body.PAGE: {"text/html": {"schema": {"type": "string"}}},
        Body.FILE: {"*/*": {"schema": {"type": "string"}}},
    }.get(gives)


def _taken(takes: Content) -> JsonSchema:
    if isinstance(takes, type):
        return {JSON: {"schema": {"$ref": _REFERENCE.format(name=takes.__name__)}}}
    if takes is Body.TABLE:
        return {kind: {"schema": {"type": "string"}} for kind in (CSV, JSON_LINES, PARQUET, ARROW)}
    return {JSON: {"schema": rows_schema(_ANY_RECORD, None)}, CSV: {"schema": {"type": "string"}}}


def _rows(signature: Signature) -> JsonSchema:
    body: JsonSchema = {"schema": rows_schema(record_schema(signature), signature)}
    example = example_record(signature)
    if example is not None:
        body["example"] = example
    header = ",".join(signature.names)
    return {JSON: body, CSV: {"schema": {"type": "string", "description": f"With the header: {header}"}}}


def _schemas(routes: Iterable[Route]) -> JsonSchema:
    kinds = {kind for route in routes for kind in (route.takes, route.gives) if isinstance(kind, type)}
    ordered = sorted(kinds, key=lambda kind: kind.__name__)
    _, schemas = msgspec.json.schema_components([Problem, *ordered], ref_template=_REFERENCE)
    return schemas


def _segments(path: str) -> list[JsonSchema]:
    names = [segment[1:-1] for segment in path.split("/") if segment.startswith("<")]
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "integer", "minimum": 1} if name == "number" else {"type": "string"},
        }
        for name in names
    ]


def _parameter(parameter: Parameter) -> JsonSchema:
    schema: JsonSchema = {"type": parameter.type}
    if parameter.choices:
        schema["enum"] = list(parameter.choices)
    return {"name": parameter.name, "in": "query", "description": parameter.about, "schema": schema}


def _template(path: str) -> str:
    return path.replace("<", "{").replace(">", "}")


def _camel(path: str) -> str:
    words = "".join(letter if letter.isalnum() else " " for letter in path).split()
    return "".join(word[0].upper() + word[1:] for word in words)
