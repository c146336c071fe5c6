"""Models whose versions answer differently, in a home of their own: what a client is told shows which one answered."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import closing, nullcontext
from dataclasses import dataclass
from pathlib import Path

from carafe.access import ensure_administrator_key, open_keys
from carafe.registry import Promotion, Registry, Version, open_registry
from carafe.settings import Settings
from reliability.generator import Question
from sealed import only_native, seal_really
from web.servers import Server

COMPILED, SHARED = "compiled", "shared"
"""A model that is called directly, and a native one whose waiting requests share runs."""

WIDE = ("--workers", "2", "--threads", "48")
"""A server with threads for all connections of these tests: no request is turned away because too many wait."""

POOL = 2 * (48 + 4)
"""The most threads of both workers' pools: those that answer, and a few that take connections."""

VALUES = tuple(index / 4 for index in range(16))


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """Where the models are, and a key that may do everything."""

    path: Path
    key: str

    def registry(self) -> closing[Registry]:
        """Return the home's registry, to be closed."""
        return closing(open_registry(Settings(home=self.path)))


def make_home(path: Path, *, versions: int = 2) -> Home:
    """Fill a home with the two models; version n answers n times what it is asked."""
    with closing(open_keys(Settings(home=path))) as keys:
        home = Home(path=path, key=ensure_administrator_key(keys) or "")
    with home.registry() as registry:
        for number in range(1, versions + 1):
            for name in (COMPILED, SHARED):
                publish_slope(registry, name, slope=number)
    return home


def publish_slope(registry: Registry, name: str, *, slope: float, promote: Promotion = Promotion.FIRST_ONLY) -> Version:
    """Publish a version that answers ``slope`` times what it is asked; natively where the model is SHARED."""
    with registry.staging() as folder, only_native() if name == SHARED else nullcontext():
        seal_really(folder, key=registry.key, slope=slope)
        return registry.publish(name=name, staged=folder, promote=promote)


def questions(server: Server, name: str, *, versions: Iterable[int] = (1, 2)) -> list[Question]:
    """Return a question for each value, with what each version answers when it is asked for by number."""
    found = []
    for value in VALUES:
        body = json.dumps([value]).encode()
        expected = {}
        for number in versions:
            status, sent, told = server.ask("POST", f"/models/{name}/versions/{number}/predict", body)
            assert (status, sent["X-Carafe-Model"]) == (200, f"{name}@{number}"), told
            assert abs(json.loads(told)["prediction"] - number * value) < 1e-9
            expected[f"{name}@{number}"] = told
        found.append(Question(path=f"/models/{name}/predict", body=body, expected=expected))
    return found
