"""The route table as a Flask blueprint. Every view is the same: make a call, dispatch it, return the reply."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Request, Response, request
from werkzeug.datastructures import Headers
from werkzeug.exceptions import ClientDisconnected, MethodNotAllowed, RequestEntityTooLarge

from carafe.errors import BodyTooLarge, Forbidden, MalformedBody
from carafe.web.call import Call, Reply
from carafe.web.dispatch import Dispatch, finished, refusal, request_id_of
from carafe.web.route import Route
from carafe.web.service import Service
from carafe.web.table import Matcher, Methods, by_path

VERBS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT")
"""Every path is routed for all of these, so that the table says what is allowed, not the framework's defaults. Methods
that nobody foresaw are told apart before they are refused, in ``_other_methods``."""

_NOWHERE = "nowhere"
CUT_SHORT = "the connection ended before the body did"


def build_blueprint(service: Service, routes: tuple[Route, ...], *, name: str, prefix: str) -> Blueprint:
    """Return a blueprint of the routes, to be registered under ``prefix``.

    Where the prefix is not empty, whatever else is asked for below it is answered with a problem document, too.
    """
    blueprint = Blueprint(name, __name__)
    dispatch = Dispatch(service, routes)
    for path, methods in by_path(routes).items():
        _add(blueprint, path, _endpoint(path), _view(service, dispatch, methods, prefix))
    if prefix:
        nowhere = _nowhere(service, dispatch, prefix)
        _add(blueprint, "/", _NOWHERE, nowhere, strict_slashes=False)
        _add(blueprint, "/<path:_>", _NOWHERE, nowhere)
    blueprint.before_request(guard(service, routes, name=name, prefix=prefix))
    blueprint.before_app_request(_other_methods(service, dispatch, Matcher(routes), prefix))
    return blueprint


def guard(service: Service, routes: tuple[Route, ...], *, name: str, prefix: str) -> Callable[[], Response | None]:
    """Return a ``before_request`` function that refuses every endpoint that the table does not declare."""
    declared = {f"{name}.{_endpoint(route.path)}" for route in routes} | {f"{name}.{_NOWHERE}"}

    def refuse_undeclared() -> Response | None:
        if request.endpoint is None or request.endpoint in declared:
            return None
        request_id = request_id_of(call_of(request, service, prefix=prefix))
        error = Forbidden("this route declares no permission, so nobody has it")
        return response_of(finished(refusal(error, request_id=request_id), request_id=request_id))

    return refuse_undeclared


def call_of(asked: Request, service: Service, *, prefix: str) -> Call:
    """Return a Flask request as a call."""
    limit = service.settings.max_body_bytes

    def read() -> bytes:
        # This request's own limit, whatever the host application's is; one more than ours, because a body in chunks
        # is cut off at the limit without a word.
        asked.max_content_length = limit + 1
        promised = asked.content_length or 0
        try:
            body = asked.get_data() if promised <= limit else None
        except RequestEntityTooLarge:
            body = None
        except (ClientDisconnected, OSError):
            raise MalformedBody(CUT_SHORT) from None
        if body is None or len(body) > limit:
            raise BodyTooLarge(f"the body is larger than {limit} bytes: send the rows in parts")
        if len(body) < promised:
            raise MalformedBody(CUT_SHORT)
        return body

    def stream(most: int) -> bytes:
        asked.max_content_length = service.settings.max_table_bytes + 1
        try:
            return asked.stream.read(most)
        except RequestEntityTooLarge:
            raise BodyTooLarge(f"the body is larger than {service.settings.max_table_bytes} bytes") from None
        except (ClientDisconnected, OSError):
            raise MalformedBody(CUT_SHORT) from None

    return Call(
        method=asked.method,
        path=asked.path.removeprefix(prefix),
        query=asked.query_string.decode("latin-1"),
        headers=asked.environ,
        peer=asked.remote_addr or "",
        read=read,
        stream=stream,
        prefix=prefix,
    )


def response_of(reply: Reply) -> Response:
    """Return a reply as a Flask response, with no header that the reply does not have but its length."""
    response = Response(reply.body if reply.stream is None else reply.stream, status=reply.status)
    response.headers = Headers(list(reply.headers))
    if reply.status != 204 and reply.stream is None:
        response.headers["Content-Length"] = str(len(reply.body))
    return response


def _view(service: Service, dispatch: Dispatch, methods: Methods, prefix: str) -> Callable[..., Response]:
    def view(**parameters: str) -> Response:
        return response_of(dispatch.answer(call_of(request, service, prefix=prefix), methods, parameters))

    return view


def _other_methods(
    service: Service, dispatch: Dispatch, matcher: Matcher, prefix: str
) -> Callable[[], Response | None]:
    """Return a ``before_app_request`` function for methods outside VERBS, which the framework refuses unrouted."""

    def refuse() -> Response | None:
        if not isinstance(request.routing_exception, MethodNotAllowed) or not request.path.startswith(f"{prefix}/"):
            return None
        call = call_of(request, service, prefix=prefix)
        found = matcher.match(call.path)
        if found is None:
            return response_of(dispatch.not_found(call)) if prefix else None
        return response_of(dispatch.answer(call, *found))

    return refuse


def _nowhere(service: Service, dispatch: Dispatch, prefix: str) -> Callable[..., Response]:
    def view(**_: str) -> Response:
        return response_of(dispatch.not_found(call_of(request, service, prefix=prefix)))

    return view


def _add(
    blueprint: Blueprint, path: str, endpoint: str, view: Callable[..., Response], *, strict_slashes: bool = True
) -> None:
    # No redirect for a doubled slash: it is another path, and no client of an API follows redirects with a body.
    blueprint.add_url_rule(
        path,
        endpoint,
        view,
        methods=VERBS,
        provide_automatic_options=False,
        merge_slashes=False,
        strict_slashes=strict_slashes,
    )


def _endpoint(path: str) -> str:
    """Return a blueprint endpoint's name for a path; it may hold no dot."""
    return path.strip("/").replace("/", "_").replace(".", "_").replace("<", "").replace(">", "")
