"""The fast lane as WSGI middleware: around ``app.wsgi_app`` it answers the prediction routes before Flask sees them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Flask, Request

from carafe.errors import BodyTooLarge, MalformedBody
from carafe.web.blueprint import CUT_SHORT, call_of
from carafe.web.call import Call, Reply
from carafe.web.lane import Lane
from carafe.web.service import Service

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

TAKEN = "carafe.body_taken"
"""The mark in the environment of a request whose body was read."""

_STATUS = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}


def mount(app: Flask, *, lane: Lane, service: Service, prefix: str) -> None:
    """Put the fast lane around an application, as Flask documents it for middleware."""
    app.wsgi_app = FastLane(app.wsgi_app, app=app, lane=lane, service=service, prefix=prefix)  # type: ignore[method-assign]


class FastLane:
    """A WSGI application: the lane's routes below ``prefix``, and for all else the application inside.

    Where the application has hooks of its own that run for every request (a log-in, a log, a header), it steps aside,
    so that they see predictions, too.
    """

    def __init__(self, inside: WSGIApplication, *, app: Flask, lane: Lane, service: Service, prefix: str) -> None:
        self._inside = inside
        self._app = app
        self._open: bool | None = None
        self._lane = lane
        self._service = service
        self._prefix = prefix

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer, as PEP 3333 says."""
        if self._open is None:  # Flask takes no hooks once it has seen a request; so far, neither do we
            self._open = not has_hooks(self._app)
        path = environ.get("PATH_INFO", "")
        if self._open and path.startswith(self._prefix) and path.isascii():
            reply = self._lane.answer(self._call(environ, path[len(self._prefix) :]))
            if reply is not None:
                return _send(reply, environ, start_response)
        return self._inside(environ, start_response)

    def _call(self, environ: WSGIEnvironment, path: str) -> Call:
        return Call(
            method=environ["REQUEST_METHOD"],
            path=path,
            query=environ.get("QUERY_STRING", ""),
            headers=environ,
            peer=environ.get("REMOTE_ADDR", ""),
            read=partial(_read, environ, self._service, self._prefix),
            prefix=self._prefix,
        )


def has_hooks(app: Flask) -> bool:
    """Tell whether an application runs functions of its own around every request."""
    groups = (
        app.before_request_funcs,
        app.after_request_funcs,
        app.teardown_request_funcs,
        app.url_value_preprocessors,
    )
    functions = (function for group in groups for function in group.get(None, ()))
    return any(not function.__module__.startswith("carafe.") for function in functions)


def _read(environ: WSGIEnvironment, service: Service, prefix: str) -> bytes:
    """Return the body, once; one in chunks, whose length nobody promised, is read in Flask's way."""
    if TAKEN in environ:  # some servers wait for what never comes, where the end of a body was reached
        return b""
    promised = environ.get("CONTENT_LENGTH") or ""
    if not promised.isdecimal() or "HTTP_TRANSFER_ENCODING" in environ:
        environ[TAKEN] = True
        return call_of(Request(environ), service, prefix=prefix).read()
    length, limit = int(promised[:20]), service.settings.max_body_bytes
    if length > limit:
        raise BodyTooLarge(f"the body is larger than {limit} bytes: send the rows in parts")
    environ[TAKEN] = True
    try:
        body: bytes = environ["wsgi.input"].read(length)
    except OSError:  # the client has gone: its doing, not the version's
        raise MalformedBody(CUT_SHORT) from None
    if len(body) < length:
        raise MalformedBody(CUT_SHORT)
    return body


def _send(reply: Reply, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    headers = list(reply.headers)
    if reply.status != 204:
        headers.append(("Content-Length", str(len(reply.body))))
    start_response(_STATUS[reply.status], headers)
    return [reply.body] if environ["REQUEST_METHOD"] != "HEAD" else []
