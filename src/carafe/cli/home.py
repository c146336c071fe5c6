"""What commands open of the home that CARAFE_HOME names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from carafe.access import Keys, open_keys
from carafe.registry import Registry, open_registry
from carafe.settings import Settings


@contextmanager
def opened_registry() -> Iterator[Registry]:
    """Yield the home's registry; let go of it after the block."""
    registry = open_registry(Settings.load())
    try:
        yield registry
    finally:
        registry.close()


@contextmanager
def opened_keys() -> Iterator[Keys]:
    """Yield the home's API keys; let go of them after the block."""
    keys = open_keys(Settings.load())
    try:
        yield keys
    finally:
        keys.close()
