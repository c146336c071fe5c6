"""The composition of a registry: a home's own, or one in memory."""

from __future__ import annotations

import secrets

from carafe.access import Purpose, derive, open_home
from carafe.registry.metadata_memory import MemoryMetadata
from carafe.registry.metadata_sql import SqlMetadata
from carafe.registry.registry import Registry
from carafe.registry.store_disk import DiskArtefacts
from carafe.registry.store_memory import MemoryArtefacts
from carafe.settings import Settings

ARTEFACTS = "artefacts"
"""The folder of the home in which the files of versions are."""


def open_registry(settings: Settings) -> Registry:
    """Return the registry of the home that ``settings`` name; create the home where there is none.

    Raises:
        NewerHome: when a newer Carafe has written it.
        DamagedHome: when its database or its secret is not what Carafe wrote.
        StorageUnavailable: when it can't be created, read or written.
    """
    home = open_home(settings)
    return Registry(
        metadata=SqlMetadata(home.database),
        artefacts=DiskArtefacts(home.path / ARTEFACTS),
        key=home.key_for(Purpose.ARTEFACTS),
    )


def memory_registry() -> Registry:
    """Return an empty registry that lives in this process alone."""
    return Registry(
        metadata=MemoryMetadata(), artefacts=MemoryArtefacts(), key=derive(secrets.token_bytes(32), Purpose.ARTEFACTS)
    )
