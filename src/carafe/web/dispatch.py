"""From a call to a reply: who may, which view, and what is told when something goes wrong. The same for every mount."""

from __future__ import annotations

import logging
import math
import random
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext, suppress
from functools import lru_cache, partial

import msgspec

from carafe.errors import CarafeError
from carafe.protocols.media import PROBLEM
from carafe.protocols.problem import PLAIN, Problem, is_outage, problem, problem_of
from carafe.serving.deadline import until, within
from carafe.serving.observers import Finished
from carafe.web.admission import admitted
from carafe.web.budget import budget_of
from carafe.web.call import CONTENT_LENGTH, X_REQUEST_ID, Call, Reply, written
from carafe.web.route import NATIVE, PUBLIC, Context, Route
from carafe.web.service import Service
from carafe.web.table import Methods
from carafe.web.trace import Trace

REQUEST_ID = "X-Request-Id"

HARDENING = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}
"""Headers of every reply whose view did not set them itself."""

# The slugs of what goes wrong without being a CarafeError.
METHOD_NOT_ALLOWED = "method-not-allowed"
NOT_FOUND = "not-found"
INTERNAL_ERROR = "internal-error"

SMALL_BODY = 64 * 1024
"""How many bytes of a refused request are read all the same, so that its connection can be used again."""

_LOG = logging.getLogger("carafe.web")
_WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{1,128}", re.ASCII)


class Dispatch:
    """Answers calls to the routes of a table."""

    def __init__(self, service: Service, routes: tuple[Route, ...]) -> None:
        self._service = service
        self._routes = routes

    def answer(self, call: Call, methods: Methods, parameters: Mapping[str, str]) -> Reply:
        """Return the reply to a call of one path; never raises."""
        trace = Trace(request_id_of(call))
        request_id = trace.request_id
        route = methods.get("GET" if call.method == "HEAD" else call.method)
        try:
            self._service.watch.ensure()
            self._service.gate.check_origin(call)
            if route is None:
                trace.slug = None if call.method == "OPTIONS" else METHOD_NOT_ALLOWED
                reply = self._without_method(call, methods, trace)
            else:
                reply = self._ask(call, route, parameters, trace)
        except CarafeError as error:
            trace.slug = error.slug
            reply = refusal(error, request_id=request_id)
            _take_in(call, trace)
        except Exception:  # noqa: BLE001 - the last line of defence: told to the log, not to the client
            _LOG.exception("request %s failed", request_id)
            trace.slug = INTERNAL_ERROR
            reply = failure(request_id=request_id)
        return self._concluded(call, route or next(iter(methods.values())), reply, trace)

    def not_found(self, call: Call) -> Reply:
        """Return the reply to a call of a path that the table does not have."""
        trace = Trace(request_id_of(call))
        trace.slug = NOT_FOUND
        reply = nowhere(f"{call.base}{call.path}", call.base, request_id=trace.request_id)
        return self._concluded(call, None, reply, trace)

    def _ask(self, call: Call, route: Route, parameters: Mapping[str, str], trace: Trace) -> Reply:
        if route.permission is not PUBLIC:
            self._service.gate.admit(route.permission, call, trace)
        context = Context(service=self._service, call=call, trace=trace, parameters=parameters, routes=self._routes)
        if route.takes is None:
            return route.view(context)
        seconds = budget_of(call.headers)
        place = admitted(call, route, self._service.bodies)
        if seconds is None and place is None:
            return route.view(context)
        with until(None) if seconds is None else within(seconds - trace.seconds), place or nullcontext():
            return route.view(context)

    def _concluded(self, call: Call, route: Route | None, reply: Reply, trace: Trace) -> Reply:
        """Return the reply with what every reply has, and tell who wants to know, when it is all made."""
        whole = finished(reply, request_id=trace.request_id)
        if self._service.drain.begun:  # so that clients which keep connections open go elsewhere in time
            whole = msgspec.structs.replace(whole, headers=(*whole.headers, ("Connection", "close")))
        if not self._service.observers.hear_finished:
            return whole
        if whole.stream is not None:
            tell = partial(self._tell, call, route, reply.status, trace)
            return msgspec.structs.replace(whole, stream=_then(whole.stream, trace, tell))
        self._tell(call, route, reply.status, trace)
        return whole

    def _tell(self, call: Call, route: Route | None, status: int, trace: Trace) -> None:
        event = Finished(
            route=None if route is None else route.path,
            method=call.method,
            status=status,
            seconds=trace.seconds,
            request_id=trace.request_id,
            path=call.path,
            protocol=NATIVE if route is None else route.protocol,
            slug=trace.slug,
            key=None if trace.principal is None else trace.principal.key,
            peer=call.peer,
            asked=trace.asked,
            served=trace.served,
            rows=trace.rows,
            unseen=trace.unseen,
        )
        self._service.observers.finished(event)

    def _without_method(self, call: Call, methods: Methods, trace: Trace) -> Reply:
        """Answer OPTIONS, or say which methods there are; a protected path tells nothing to who has no key."""
        if not any(route.permission is PUBLIC for route in methods.values()):
            trace.principal = self._service.gate.identify(call)
        allowed = allowed_methods(methods)
        if call.method == "OPTIONS":
            return Reply(status=204, headers=(("Allow", allowed),))
        return method_not_allowed(call.method, allowed, request_id=trace.request_id)


def _then(stream: Iterator[bytes], trace: Trace, tell: Callable[[], None]) -> Iterator[bytes]:
    """Yield a stream, and tell of its request at the end; a client that goes away early is none of its errors."""
    try:
        yield from stream
    except Exception as error:
        cause = error if isinstance(error, CarafeError) else error.__cause__
        trace.slug = cause.slug if isinstance(cause, CarafeError) else INTERNAL_ERROR
        raise
    finally:
        tell()


def _take_in(call: Call, trace: Trace) -> None:
    """Read what is left of a small body of a refused request: where it is not read, servers close the connection.

    A client that sends headers and body apart would else find its connection reset, before it has read the refusal or
    when it asks next. Only for those whose key was proved: nobody else may have us wait for a body.
    """
    length = call.headers.get(CONTENT_LENGTH) or ""
    if trace.principal is not None and length.isdecimal() and 0 < int(length[:10]) <= SMALL_BODY:
        with suppress(Exception):  # whatever befalls the connection, the refusal is what is answered
            call.read()


def allowed_methods(methods: Methods) -> str:
    """Return the value of the Allow header for a path."""
    return ", ".join([*methods, *(["HEAD"] if "GET" in methods else []), "OPTIONS"])


def request_id_of(call: Call) -> str:
    """Return the client's own request id where it is well formed, a new one elsewhere."""
    given = call.headers.get(X_REQUEST_ID)
    return given if given and _WELL_FORMED.fullmatch(given) else f"{random.getrandbits(128):032x}"


def refusal(error: CarafeError, *, request_id: str) -> Reply:
    """Return the reply that tells an error; what failed inside the server goes to the log, not to the client."""
    document = problem_of(error, request_id=request_id)
    if error.retry_seconds is not None:  # as many as come: counted by observers, not logged one by one
        return _problem(document, headers=(("Retry-After", str(math.ceil(error.retry_seconds))),))
    if document.status >= 500 and error.slug not in PLAIN:
        trace = None if is_outage(error) else error  # of an outage comes one for each request, all of them alike
        _LOG.error("request %s: %s: %s", request_id, error.slug, error, exc_info=trace)
    headers = (("WWW-Authenticate", 'Bearer realm="carafe"'),) if document.status == 401 else ()
    return _problem(document, headers=headers)


def failure(*, request_id: str) -> Reply:
    """Return the reply to a call that failed for no reason that Carafe knows."""
    detail = f"The server's log has the reason under request id {request_id}."
    return stated(INTERNAL_ERROR, "Something went wrong inside the server", detail, request_id=request_id)


def method_not_allowed(method: str, allowed: str, *, request_id: str) -> Reply:
    """Return the reply to a method that a path does not have."""
    document = problem(
        slug=METHOD_NOT_ALLOWED,
        title="This path does not have this method",
        detail=f"got {method[:20]!a}, this path has {allowed}",
        request_id=request_id,
    )
    return _problem(document, headers=(("Allow", allowed),))


def nowhere(path: str, base: str, *, request_id: str) -> Reply:
    """Return the reply to a path that is not served; it names the page that shows those that are."""
    detail = f"got {path[:200]}; {base}/docs shows every route"
    return stated(NOT_FOUND, "There is no such route", detail, request_id=request_id)


def stated(slug: str, title: str, detail: str, *, request_id: str) -> Reply:
    """Return a problem that is no CarafeError."""
    return _problem(problem(slug=slug, title=title, detail=detail, request_id=request_id))


def finished(reply: Reply, *, request_id: str) -> Reply:
    """Add what every reply has: the request id, and the headers that keep browsers careful."""
    headers = (*_hardened(reply.headers), (REQUEST_ID, request_id))
    return Reply(status=reply.status, headers=headers, body=reply.body, stream=reply.stream)


@lru_cache(maxsize=1024)
def _hardened(headers: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Return headers with those of HARDENING that are not among them; most replies have one of a few dozen sets."""
    names = {name for name, _ in headers}
    return (*headers, *((name, value) for name, value in HARDENING.items() if name not in names))


def _problem(document: Problem, *, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
    return written(msgspec.json.encode(document), kind=PROBLEM, status=document.status, headers=headers)
