"""Which registry a call means."""

from __future__ import annotations

from pathlib import Path

from carafe.registry import Registry, open_registry
from carafe.settings import Settings


def registry_at(home: str | Path | None) -> Registry:
    """Return the registry of ``home``, by default of the one that ``CARAFE_HOME`` names; it is created where absent.

    Raises:
        NewerHome: when a newer Carafe has written it.
        StorageUnavailable: when it can't be created, read or written.
    """
    return open_registry(Settings.load(home=None if home is None else Path(home)))
