from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from carafe.registry import Registry, memory_registry, open_registry
from carafe.settings import Settings


@pytest.fixture(params=["home", "memory"])
def registry(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Registry]:
    """Return an empty registry, once on a home and once in memory."""
    found = open_registry(Settings(home=tmp_path / "home")) if request.param == "home" else memory_registry()
    yield found
    found.close()


@pytest.fixture
def on_disk(tmp_path: Path) -> Iterator[Registry]:
    """Return an empty registry on a home."""
    found = open_registry(Settings(home=tmp_path / "home"))
    yield found
    found.close()
