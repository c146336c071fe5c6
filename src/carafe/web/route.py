"""What an entry of the route table is: a path, a permission, a view, and what the documentation says about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

import msgspec

from carafe.access import Permission
from carafe.web.call import Call, Reply
from carafe.web.service import Service
from carafe.web.trace import Trace


class Public(Enum):
    """The mark of a route that asks for no key: its answer tells nothing about models, data or people."""

    PUBLIC = "public"


PUBLIC: Final = Public.PUBLIC


class Context(msgspec.Struct, frozen=True, kw_only=True, eq=False, gc=False):
    """What a view is given."""

    service: Service
    call: Call
    trace: Trace
    """What is known of the request so far, who asks among it."""
    parameters: Mapping[str, str]
    """The path's variable segments, by name."""
    routes: tuple[Route, ...]
    """The whole table."""


View = Callable[[Context], Reply]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A query parameter, for the documentation."""

    name: str
    about: str
    type: str = "string"
    choices: tuple[str, ...] = ()


class Body(Enum):
    """What a route takes or answers that is no fixed document."""

    ROWS = "rows"
    """Records, as JSON or CSV."""
    TABLE = "table"
    """A table of any length, as CSV, JSON lines, Parquet or an Arrow stream."""
    SCORED = "scored"
    """The same table with the answers, as a stream."""
    PREDICTIONS = "predictions"
    FEATURES = "features"
    SCHEMA = "schema"
    """A JSON Schema or OpenAPI document."""
    PAGE = "page"
    """HTML."""
    TEXT = "text"
    """Plain text."""
    FILE = "file"
    NOTHING = "nothing"


NATIVE = "native"
"""The protocol of Carafe's own requests: records in, answers out."""

TABLE = "table"
"""That of tables of any length, whose requests last as long as they are long."""

Content = type[msgspec.Struct] | Body


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One method of one path."""

    method: str
    path: str
    """Variable segments are written ``<name>``; they hold no slash."""
    permission: Permission | Public
    view: View
    summary: str
    gives: Content
    takes: Content | None = None
    status: int = 200
    query: tuple[Parameter, ...] = ()
    problems: tuple[int, ...] = ()
    """The statuses of problems that are this route's own; those of every route are added."""
    tagged: bool = False
    """Whether the answer has the header ETag."""
    conditional: bool = False
    """Whether If-Match and If-None-Match are obeyed."""
    body_optional: bool = False
    """Whether the body may be empty."""
    lane: bool = False
    """Whether the fast lane answers it, too."""
    protocol: str = NATIVE
    """Under which name observers are told of its requests: figures of one don't mix with those of another."""
    tag: str = "models"
