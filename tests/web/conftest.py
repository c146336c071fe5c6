"""A service in memory with a few rule models, and the two mounts through which it is asked."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import gettempdir
from typing import Any, Protocol
from uuid import uuid4

import msgspec
import pytest
from flask import Flask
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder

from carafe.access import Role, memory_keys
from carafe.errors import BodyTooLarge
from carafe.registry import Registry, memory_registry
from carafe.serving import Observer
from carafe.settings import Settings
from carafe.web import create_app
from carafe.web.call import Call
from carafe.web.lane import Lane
from carafe.web.routes import ROUTES
from carafe.web.service import Service, build_service
from served import load_rule, publish_rule
from web.servers import running

MODELS = ("houses", "iris", "everything", "broken", "nan")
LIMIT = 20_000
ROWS = 50


@dataclass(frozen=True)
class Answer:
    """A reply as a client sees it; headers by lower-case name."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401 - JSON holds anything
        return msgspec.json.decode(self.body)


class Ask(Protocol):
    """Ask something of the service; with the administrator's key unless other headers say otherwise."""

    def __call__(
        self, method: str, path: str, body: bytes | str = b"", headers: dict[str, str] | None = None, /
    ) -> Answer: ...


@dataclass
class House:
    """A service, an application over it, and a key for each role."""

    service: Service
    app: Flask
    """With plain views only."""
    fast: Flask
    """With the fast lane around it."""
    keys: dict[Role, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, body: bytes | str = b"", headers: dict[str, str] | None = None, /) -> Answer:
        """Ask through Flask's own routing."""
        return self._ask(self.app, method, path, body, headers)

    def ask_fast(
        self, method: str, path: str, body: bytes | str = b"", headers: dict[str, str] | None = None, /
    ) -> Answer:
        """Ask an application that has the fast lane around it."""
        return self._ask(self.fast, method, path, body, headers)

    def _ask(self, app: Flask, method: str, path: str, body: bytes | str, headers: dict[str, str] | None) -> Answer:
        response = app.test_client().open(path, method=method, data=body, headers=self._headers(body, headers))
        found = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, found, response.data)

    def ask_lane(
        self, method: str, path: str, body: bytes | str = b"", headers: dict[str, str] | None = None, /
    ) -> Answer:
        """Ask the fast lane, without Flask."""
        content = body.encode() if isinstance(body, str) else body

        def read() -> bytes:
            if len(content) > LIMIT:
                raise BodyTooLarge(f"the body is larger than {LIMIT} bytes: send the rows in parts")
            return content

        route, _, query = path.partition("?")
        call = Call(
            method=method,
            path=route,
            query=query,
            headers=EnvironBuilder(headers=Headers(self._headers(body, headers))).get_environ(),
            peer="127.0.0.1",
            read=read,
        )
        reply = Lane(self.service, ROUTES).answer(call)
        assert reply is not None
        sent = {name.lower(): value for name, value in reply.headers}
        return Answer(reply.status, sent | {"content-length": str(len(reply.body))}, reply.body)

    def _headers(self, body: bytes | str, headers: dict[str, str] | None) -> dict[str, str]:
        basic = {"X-API-Key": self.keys[Role.ADMINISTRATOR]}
        if body:
            basic["Content-Type"] = "application/json"
        return {name: value for name, value in (basic | (headers or {})).items() if value}


def build_house(
    *,
    observers: Sequence[Observer] = (),
    registry: Registry | None = None,
    **changes: Any,  # noqa: ANN401 - settings of any type
) -> House:
    # Tests that run in several processes have one parent, as the workers of one server do: with one home they'd be
    # taken for such, and tell each other's figures.
    changes.setdefault("home", Path(gettempdir()) / f"carafe-house-{uuid4().hex}")
    settings = Settings(max_body_bytes=LIMIT, max_rows=ROWS, **changes)
    keys = memory_keys()
    kept = registry or memory_registry()
    service = build_service(settings, registry=kept, keys=keys, load=load_rule, observers=observers)
    return House(
        service=service,
        app=create_app(replace(settings, fast_lane=False), service=service),
        fast=create_app(settings, service=service),
        keys={role: keys.create(role=role).text for role in Role},
    )


@pytest.fixture
def empty_house() -> Iterator[House]:
    """A house without models."""
    house = build_house()
    yield house
    house.service.close()


@pytest.fixture
def house(empty_house: House) -> House:
    """A house with three good models, one that fails and one that answers no number."""
    for name in MODELS:
        publish_rule(empty_house.service.registry, name, name)
    return empty_house


@pytest.fixture(scope="session")
def gunicorn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    """Ask a house behind gunicorn, with the fast lane, over real connections."""
    folder = tmp_path_factory.mktemp("gunicorn")
    keys = folder / "keys.json"
    environ = {"STANDING_KEYS": str(keys), "PYTHONPATH": str(Path(__file__).parent.parent)}
    with running("gunicorn", folder, home=folder, application="web.standing:create()", environ=environ) as server:
        server.key = json.loads(keys.read_text(encoding="utf-8"))[Role.ADMINISTRATOR]

        def ask(method: str, path: str, body: bytes | str = b"", headers: dict[str, str] | None = None, /) -> Answer:
            content = body.encode() if isinstance(body, str) else body
            basic = {"X-API-Key": server.key} | ({"Content-Type": "application/json"} if content else {})
            sent = {name: value for name, value in (basic | (headers or {})).items() if value}
            status, came, text = server.exchange(method, path, content or None, sent)
            own = {"server", "date", "connection"}
            return Answer(status, {k.lower(): v for k, v in came.items() if k.lower() not in own}, text)

        yield ask


@pytest.fixture(params=["flask", "lane", "mounted"])
def ask_house(house: House, request: pytest.FixtureRequest) -> Ask:
    """Ask the test's own house through one of the mounts: what holds for one holds for all."""
    return {"flask": house.ask, "lane": house.ask_lane, "mounted": house.ask_fast}[request.param]


@pytest.fixture(params=["flask", "lane", "mounted", "gunicorn"])
def ask(request: pytest.FixtureRequest) -> Ask:
    """Ask through one of the mounts, or through gunicorn; for tests that change nothing."""
    if request.param == "gunicorn":
        standing: Ask = request.getfixturevalue("gunicorn")
        return standing
    house: House = request.getfixturevalue("house")
    return {"flask": house.ask, "lane": house.ask_lane, "mounted": house.ask_fast}[request.param]
