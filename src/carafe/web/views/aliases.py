"""What aliases point at, and pointing them elsewhere: promotion, traffic, rollback, gates, and the history of it."""

from __future__ import annotations

from typing import TypeVar

from carafe.protocols.document import read_document
from carafe.protocols.media import JSON, media_type
from carafe.registry import Entry, HistoryQuery
from carafe.registry.alias_documents import AliasDocument, GatesDocument
from carafe.registry.history import so_far
from carafe.registry.query import MAX_PAGE, MAX_SIZE
from carafe.registry.versions import checked_number
from carafe.schema.exchange import check_name
from carafe.web.alias_documents import AliasChange, AliasList, HistoryPage, Turn
from carafe.web.author import author
from carafe.web.call import CONTENT_ENCODING, CONTENT_TYPE, Reply, document
from carafe.web.precondition import Act, check_unconditional, conditionally, tag
from carafe.web.query import moment, read_query, whole
from carafe.web.route import Context

T = TypeVar("T")

_NOTHING = Reply(status=204)


def list_aliases(context: Context) -> Reply:
    """Return all aliases of a model."""
    read_query(context.call)
    model = context.service.registry.model(context.parameters["name"])
    return document(AliasList(aliases=[AliasDocument.of(model.name, alias) for alias in model.aliases]))


def show_alias(context: Context) -> Reply:
    """Return what an alias points at, or what it pointed at in a moment."""
    query, registry = read_query(context.call, "at"), context.service.registry
    name, alias = context.parameters["name"], context.parameters["alias"]
    when = moment(query, "at")
    if when is not None:
        return document(AliasDocument.then(registry.answering(name, alias, when=when), at=so_far(when)))
    found = registry.alias(name, alias)
    return document(AliasDocument.of(name, found), headers=(tag(found.revision),))


def point_alias(context: Context) -> Reply:
    """Let an alias point elsewhere, once what it is to have has been loaded here."""
    read_query(context.call)
    wanted = _body(context, AliasChange)
    if wanted.version is not None:
        checked_number(context.parameters["name"], wanted.version)
    return _changed(
        context,
        lambda expected: context.service.registry.direct(
            context.parameters["name"],
            context.parameters["alias"],
            wanted.traffic,
            by=author(context.trace.principal),
            reason=wanted.reason,
            expected=expected,
            action=wanted.action,
            force=wanted.force,
        ),
    )


def roll_back(context: Context) -> Reply:
    """Point an alias back at the version that answered before, once it has been loaded here."""
    read_query(context.call)
    wanted = _body(context, Turn, empty=Turn())
    return _changed(
        context,
        lambda expected: context.service.registry.rollback(
            context.parameters["name"],
            context.parameters["alias"],
            by=author(context.trace.principal),
            reason=wanted.reason,
            expected=expected,
            force=wanted.force,
        ),
    )


def drop_alias(context: Context) -> Reply:
    """Forget an alias."""
    read_query(context.call)
    _change(
        context,
        lambda expected: context.service.registry.drop_alias(
            context.parameters["name"],
            context.parameters["alias"],
            by=author(context.trace.principal),
            expected=expected,
        ),
    )
    return _NOTHING


def show_history(context: Context) -> Reply:
    """Return one page of what happened to a model."""
    query = read_query(context.call, "page", "page_size", "alias", "until")
    wanted = HistoryQuery(
        alias=check_name(query["alias"], what="alias") if "alias" in query else None,
        until=moment(query, "until"),
        page=whole(query, "page", default=1, most=MAX_PAGE),
        size=whole(query, "page_size", default=50, most=MAX_SIZE),
    )
    return document(HistoryPage.of(context.service.registry.history(context.parameters["name"], wanted)))


def show_gates(context: Context) -> Reply:
    """Return a model's gates."""
    read_query(context.call)
    return document(GatesDocument.of(context.service.registry.gates(context.parameters["name"])))


def set_gates(context: Context) -> Reply:
    """Change a model's gates."""
    read_query(context.call)
    check_unconditional(context.call)
    gates, registry = _body(context, GatesDocument).gates, context.service.registry
    registry.set_gates(context.parameters["name"], gates, by=author(context.trace.principal))
    return document(GatesDocument.of(gates))


def _body(context: Context, kind: type[T], *, empty: T | None = None) -> T:
    """Return the body as a document; ``empty``, where there is one, for a body of nothing."""
    headers, body = context.call.headers, context.call.read()
    if empty is not None and not body.strip():
        return empty
    media_type(headers.get(CONTENT_TYPE), offered=(JSON,), encoding=headers.get(CONTENT_ENCODING))
    return read_document(body, kind)


def _changed(context: Context, act: Act[Entry]) -> Reply:
    """Make a change, and return what the alias is now."""
    entry = _change(context, act)
    return document(AliasDocument.then(entry), headers=(tag(entry.id),))


def _change(context: Context, act: Act[Entry]) -> Entry:
    """Make a change under the request's conditions, and let this process follow it at once."""
    service, parameters = context.service, context.parameters
    entry = conditionally(context.call, service.registry, parameters["name"], parameters["alias"], act)
    service.catalog.refresh()
    return entry
