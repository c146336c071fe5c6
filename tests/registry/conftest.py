from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from carafe.registry import Registry, memory_registry, open_registry
from carafe.settings import Settings
from sealed import untried


@pytest.fixture(params=["home", "memory"])
def registry(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Registry]:
    """Return an empty registry, once on a home and once in memory; nothing is loaded before an alias has it."""
    found = open_registry(Settings(home=tmp_path / "home")) if request.param == "home" else memory_registry()
    found = untried(found)
    yield found
    found.close()


@pytest.fixture
def on_disk(tmp_path: Path) -> Iterator[Registry]:
    """Return an empty registry on a home, as the fixture above."""
    found = untried(open_registry(Settings(home=tmp_path / "home")))
    yield found
    found.close()
