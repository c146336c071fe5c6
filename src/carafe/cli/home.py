"""What commands open of the home that CARAFE_HOME names, for a ``with`` block that lets go of it again."""

from __future__ import annotations

from contextlib import closing

from carafe.access import Keys, open_keys
from carafe.registry import Registry, open_registry
from carafe.settings import Settings


def opened_registry() -> closing[Registry]:
    """Return the home's registry, open for one block."""
    return closing(open_registry(Settings.load()))


def opened_keys() -> closing[Keys]:
    """Return the home's API keys, open for one block."""
    return closing(open_keys(Settings.load()))
