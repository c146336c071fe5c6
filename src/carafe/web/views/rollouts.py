"""Rollouts: begin one, see how it does, pause it, stop it."""

from __future__ import annotations

import msgspec

from carafe.protocols.document import read_document
from carafe.protocols.media import JSON, media_type
from carafe.registry import Plan, Rollout
from carafe.registry.query import MAX_PAGE, MAX_SIZE
from carafe.registry.rollout_documents import RolloutDocument, RolloutPage
from carafe.web.author import author
from carafe.web.call import CONTENT_ENCODING, CONTENT_TYPE, Reply, document
from carafe.web.precondition import Act, check_unconditional, conditionally
from carafe.web.query import read_query, whole
from carafe.web.route import Context


class RolloutOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which version is to take an alias over, and how."""

    version: int
    steps: tuple[float, ...] = Plan().steps
    every: float = Plan().every
    min_requests: int = Plan().min_requests
    max_errors: float = Plan().max_errors
    max_slower: float | None = Plan().max_slower
    reason: str = ""
    force: bool = False
    """Begin although the version can't be loaded, or does not pass the gates; the history tells of it."""


def begin(context: Context) -> Reply:
    """Begin a rollout, once the candidate has been loaded here."""
    read_query(context.call)
    headers = context.call.headers
    media_type(headers.get(CONTENT_TYPE), offered=(JSON,), encoding=headers.get(CONTENT_ENCODING))
    order = read_document(context.call.read(), RolloutOrder)
    plan = Plan(
        steps=order.steps,
        every=order.every,
        min_requests=order.min_requests,
        max_errors=order.max_errors,
        max_slower=order.max_slower,
    )
    begun = _conditionally(
        context,
        lambda expected: context.service.registry.rollouts.begin(
            context.parameters["name"],
            order.version,
            alias=context.parameters["alias"],
            plan=plan,
            by=author(context.trace.principal),
            reason=order.reason,
            expected=expected,
            force=order.force,
        ),
    )
    return _moved(context, begun, status=201)


def show(context: Context) -> Reply:
    """Return an alias's last rollout, and what was seen of it."""
    read_query(context.call)
    found = context.service.registry.rollouts.latest(context.parameters["name"], context.parameters["alias"])
    return document(RolloutDocument.seen(found))


def past(context: Context) -> Reply:
    """Return one page of a model's rollouts."""
    query = read_query(context.call, "page", "page_size")
    page, size = whole(query, "page", default=1, most=MAX_PAGE), whole(query, "page_size", default=50, most=MAX_SIZE)
    return document(
        RolloutPage.of(context.service.registry.rollouts.past(context.parameters["name"], page=page, size=size))
    )


def stop(context: Context) -> Reply:
    """End a rollout: the alias points at what it had before."""
    read_query(context.call)
    rollouts, by = context.service.registry.rollouts, author(context.trace.principal)
    name, alias = context.parameters["name"], context.parameters["alias"]
    ended = _conditionally(context, lambda expected: rollouts.stop(name, alias, by=by, expected=expected))
    return _moved(context, ended)


def pause(context: Context) -> Reply:
    """Let a rollout take no further step."""
    read_query(context.call)
    check_unconditional(context.call)
    rollouts, by = context.service.registry.rollouts, author(context.trace.principal)
    return _moved(context, rollouts.pause(context.parameters["name"], context.parameters["alias"], by=by))


def resume(context: Context) -> Reply:
    """Let a paused rollout go on."""
    read_query(context.call)
    check_unconditional(context.call)
    rollouts = context.service.registry.rollouts
    return _moved(context, rollouts.resume(context.parameters["name"], context.parameters["alias"]))


def _conditionally(context: Context, act: Act[Rollout]) -> Rollout:
    """Begin or end a rollout under the request's conditions: both change the alias, whose revision they name."""
    name, alias = context.parameters["name"], context.parameters["alias"]
    return conditionally(context.call, context.service.registry, name, alias, act)


def _moved(context: Context, rollout: Rollout, *, status: int = 200) -> Reply:
    """Return a rollout that was changed, once this process answers as it says."""
    context.service.catalog.refresh()
    found = context.service.registry.rollouts.latest(rollout.name, rollout.alias)
    return document(RolloutDocument.seen(found), status=status)
