"""Does one thing to a home, and dies of SIGKILL just before its n-th call that changes a file or the database.

    python killer.py FOLDER ACTION STRIDE

For n = 0, STRIDE, 2 * STRIDE, ... a fresh copy of a prepared home is made, a child does ACTION and is killed at n, and
another child looks at what is left. It goes on until a child finishes alive, and prints what every child saw, one JSON
line each.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import alembic.command  # noqa: F401 - loaded once here, not anew in every child

sys.path.insert(0, str(Path(__file__).parent.parent))

from carafe.registry import Promotion, Query, Registry, open_registry
from carafe.schema import ModelRef
from carafe.settings import Settings
from sealed import publish, seal_cheaply

FILES = {"open", "write", "fsync", "rename", "replace", "link", "unlink", "mkdir", "rmdir", "chmod", "fchmod", "flock"}
DATABASE = {"connect", "execute", "commit"}
CALLS = FILES | DATABASE
"""C functions that change something, before which a process may die: after one is before the next."""


@contextmanager
def dying_at(number: int) -> Iterator[None]:
    """Kill this process at its ``number``-th event; run on where there are fewer."""
    left = [number]

    def watch(_frame: FrameType, event: str, argument: Any) -> None:  # noqa: ANN401 - as sys.setprofile calls it
        if event == "c_call" and argument.__name__ in CALLS:
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left[0] -= 1

    sys.setprofile(watch)
    try:
        yield
    finally:
        sys.setprofile(None)


def create(settings: Settings) -> None:
    """Open a home that does not exist yet."""
    open_registry(settings).close()


def publish_champion(settings: Settings) -> None:
    """Publish version 3 and make it champion."""
    registry = open_registry(settings)
    with registry.staging() as folder:
        seal_cheaply(folder, key=registry.key)
        registry.publish(name="houses", staged=folder, promote=Promotion.ALWAYS)


def promote(settings: Settings) -> None:
    """Make version 2 champion."""
    open_registry(settings).promote(ModelRef.parse("houses@2"))


def delete(settings: Settings) -> None:
    """Delete version 2."""
    open_registry(settings).delete("houses", 2)


ACTIONS: dict[str, Callable[[Settings], None]] = {
    "create": create,
    "publish": publish_champion,
    "promote": promote,
    "delete": delete,
}


def prepare(settings: Settings) -> None:
    """Publish two versions."""
    registry = open_registry(settings)
    for _ in range(2):
        publish(registry)
    registry.close()


def look(registry: Registry, home: Path) -> dict[str, object]:
    """Return what a fresh process finds, having used the home as always."""
    models = registry.models().items
    versions = registry.versions(Query(size=100)).items
    fetched = [len(list(registry.fetch(version).folder.iterdir())) for version in versions]
    champion = [model.aliases[0].number for model in models]
    orphans = registry.collect_orphans()
    kept = sorted(folder.name for folder in (home / "artefacts" / "kept").iterdir())
    return {
        "numbers": [version.number for version in versions],
        "champion": champion,
        "whole": fetched == [3] * len(versions),
        "orphans": orphans,
        "tidy": kept == sorted(version.artefact for version in versions),
        "staging": len(list((home / "artefacts" / "staging").iterdir())),
        "next": publish(registry).number,
    }


def in_child(act: Callable[[], None]) -> int:
    """Do something in a child and return its wait status."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            act()
            code = 0
        finally:
            sys.stdout.flush()
            os._exit(code)
    return os.waitpid(child, 0)[1]


def main(folder: Path, action: str, stride: int) -> None:
    """Kill the action everywhere it can be killed."""
    prepared = folder / "prepared"
    if action != "create":
        in_child(lambda: prepare(Settings(home=prepared)))
    number, status = 0, signal.SIGKILL.value
    while status == signal.SIGKILL:
        home = folder / "home"
        shutil.rmtree(home, ignore_errors=True)
        if prepared.exists():
            shutil.copytree(prepared, home)
        settings = Settings(home=home)

        def attempt(settings: Settings = settings, number: int = number) -> None:
            with dying_at(number):
                ACTIONS[action](settings)

        status = in_child(attempt)

        def report(settings: Settings = settings, home: Path = home, status: int = status) -> None:
            registry = open_registry(settings)
            sys.stdout.write(json.dumps({"status": status, **look(registry, home)}) + "\n")

        if in_child(report):
            raise SystemExit(f"the home could not be used after a kill at {number}")
        number += stride


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
