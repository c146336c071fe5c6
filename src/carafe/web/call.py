"""A request and a reply without any framework, so that Flask views and the fast lane share every line behind them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

import msgspec

from carafe.protocols.media import JSON

# The headers that Carafe reads, as WSGI names them (PEP 3333): every server hands them over so, and a look costs least.
ACCEPT = "HTTP_ACCEPT"
AUTHORIZATION = "HTTP_AUTHORIZATION"
CONTENT_ENCODING = "HTTP_CONTENT_ENCODING"
CONTENT_LENGTH = "CONTENT_LENGTH"
CONTENT_TYPE = "CONTENT_TYPE"
HOST = "HTTP_HOST"
IF_MATCH = "HTTP_IF_MATCH"
IF_NONE_MATCH = "HTTP_IF_NONE_MATCH"
ORIGIN = "HTTP_ORIGIN"
PREFER = "HTTP_PREFER"
X_API_KEY = "HTTP_X_API_KEY"
X_REQUEST_ID = "HTTP_X_REQUEST_ID"
X_REQUEST_TIMEOUT = "HTTP_X_REQUEST_TIMEOUT"


class Headers(Protocol):
    """Request headers by the names that WSGI gives them."""

    def get(self, key: str, /) -> str | None:
        """Return a header's value, or None where it did not come."""
        ...


class Call(msgspec.Struct, frozen=True, kw_only=True, eq=False, gc=False):
    """A request."""

    method: str
    path: str
    """The path below the prefix that Carafe is mounted at, decoded."""
    query: str
    """What follows the question mark, as it came."""
    headers: Headers
    peer: str
    """The address that the connection comes from."""
    read: Callable[[], bytes]
    """Reads the body, at most as many bytes as the settings allow; raises BodyTooLarge beyond."""
    stream: Callable[[int], bytes] | None = None
    """Reads at most so many bytes of the body, none at its end; for tables, which have a limit of their own. None where
    the mount has no routes that need it."""
    prefix: str = ""
    """Where Carafe's routes begin in the application."""

    @property
    def base(self) -> str:
        """The path that Carafe is mounted at, without a slash at the end."""
        return (self.headers.get("SCRIPT_NAME") or "").rstrip("/") + self.prefix


class Reply(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An answer."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    stream: Iterator[bytes] | None = None
    """A body that is made while it is sent, in place of ``body``; what it raises breaks the connection off."""


def document(content: object, *, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
    """Return a JSON reply; ``content`` is a msgspec Struct, or a schema that is JSON itself."""
    return written(msgspec.json.encode(content), kind=JSON, status=status, headers=headers)


def written(body: bytes, *, kind: str, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
    """Return a reply of an encoded body."""
    return Reply(status=status, headers=(("Content-Type", kind), *headers), body=body)
