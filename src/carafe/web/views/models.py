"""Lists and details of models and versions, and deletion."""

from __future__ import annotations

from collections.abc import Mapping

from carafe.errors import InvalidParameter
from carafe.registry import Query, Sort
from carafe.registry.query import MAX_PAGE, MAX_SIZE
from carafe.schema import ModelRef, Task
from carafe.schema.exchange import CHAMPION
from carafe.schema.json_schema import DIALECT, record_schema
from carafe.web.author import author
from carafe.web.call import Reply, document
from carafe.web.documents import (
    ModelDetail,
    ModelPage,
    VersionDocument,
    VersionPage,
)
from carafe.web.precondition import check_unconditional
from carafe.web.query import number, read_query, whole
from carafe.web.route import Context

_NOTHING = Reply(status=204)


def list_models(context: Context) -> Reply:
    """Return one page of the models."""
    query = read_query(context.call, "page", "page_size", "name", "task", "sort")
    return document(ModelPage.of(context.service.registry.models(_query(query))))


def show_model(context: Context) -> Reply:
    """Return a model, and how its versions that are loaded here are asked."""
    read_query(context.call)
    model = context.service.registry.model(context.parameters["name"])
    catalog = context.service.catalog
    return document(ModelDetail.with_loaded(model, catalog.loaded(model.name), pinned=catalog.pinned))


def show_schema(context: Context) -> Reply:
    """Return the JSON Schema of a record that the champion takes."""
    read_query(context.call)
    version = context.service.registry.resolve(ModelRef(name=context.parameters["name"], alias=CHAMPION))
    schema = {"$schema": DIALECT, "title": str(version)} | record_schema(version.manifest.signature)
    return document(schema, headers=(("X-Carafe-Model", str(version)),))


def list_versions(context: Context) -> Reply:
    """Return one page of a model's versions."""
    query = read_query(context.call, "page", "page_size", "task", "sort")
    page = context.service.registry.versions(_query(query), name=context.parameters["name"])
    return document(VersionPage.of(page))


def show_version(context: Context) -> Reply:
    """Return everything that is known about a version."""
    read_query(context.call)
    return document(VersionDocument.of(context.service.registry.resolve(_version(context))))


def delete_version(context: Context) -> Reply:
    """Delete a version that no alias points at."""
    read_query(context.call)
    check_unconditional(context.call)
    ref = _version(context)
    context.service.registry.delete(ref.name, ref.version or 0, by=author(context.trace.principal))
    context.service.catalog.refresh()
    return _NOTHING


def _version(context: Context) -> ModelRef:
    chosen = number(context.parameters["number"], "version")
    return ModelRef(name=context.parameters["name"], version=chosen)


def _query(query: Mapping[str, str]) -> Query:
    sort = query.get("sort", Sort.NAME)
    return Query(
        page=whole(query, "page", default=1, most=MAX_PAGE),
        size=whole(query, "page_size", default=50, most=MAX_SIZE),
        contains=query.get("name", ""),
        task=Task(_one_of(query["task"], "task", Task)) if "task" in query else None,
        sort=Sort(_one_of(sort.removeprefix("-"), "sort", Sort)),
        descending=sort.startswith("-"),
    )


def _one_of(text: str, name: str, choices: type[Task | Sort]) -> str:
    if text not in {choice.value for choice in choices}:
        offer = " or ".join(choice.value for choice in choices)
        raise InvalidParameter(f"{name}: got {text[:60]!a}, expected {offer}")
    return text
