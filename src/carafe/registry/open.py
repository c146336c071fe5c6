"""The composition of a registry: a home's own, or one in memory."""

from __future__ import annotations

import secrets
from importlib import import_module
from pathlib import Path
from urllib.parse import unquote, urlsplit

from carafe.access import Purpose, derive, open_home
from carafe.access.home import ARTEFACTS
from carafe.database.connection import PATIENCE
from carafe.errors import MissingExtra
from carafe.registry.metadata_memory import MemoryMetadata
from carafe.registry.metadata_sql import SqlMetadata
from carafe.registry.registry import Registry
from carafe.registry.store import ArtefactStore
from carafe.registry.store_cache import ArtefactCache
from carafe.registry.store_disk import DiskArtefacts
from carafe.registry.store_memory import MemoryArtefacts
from carafe.settings import Settings

CACHE = Path("cache") / "artefacts"
"""The folder of the home with copies of what is in an object store."""


def open_registry(settings: Settings, *, patience: float = PATIENCE) -> Registry:
    """Return the registry of the home that ``settings`` name; create the home where there is none.

    Args:
        settings: where the home is.
        patience: for how many seconds a change waits while another process makes one.

    Raises:
        NewerHome: when a newer Carafe has written it.
        DamagedHome: when its database or its secret is not what Carafe wrote.
        StorageUnavailable: when it can't be created, read or written.
    """
    home = open_home(settings, patience=patience)
    return Registry(
        metadata=SqlMetadata(home.database),
        artefacts=open_artefacts(settings),
        key=home.key_for(Purpose.ARTEFACTS),
    )


def open_artefacts(settings: Settings) -> ArtefactStore:
    """Return the store of the files: in the home, in a folder that machines share, or in an object store.

    Raises:
        StorageUnavailable: when it can't be created, read or written.
        MissingExtra: when what speaks to an object store is not installed.
    """
    url = settings.artifacts_url
    if url is None:
        return DiskArtefacts(settings.home / ARTEFACTS)
    if url.startswith("file:"):
        return DiskArtefacts(Path(unquote(urlsplit(url).path)))
    try:
        client = import_module("carafe.registry.client_obstore")
    except ImportError as error:
        raise MissingExtra.of("an object store", ImportError(str(error), name="obstore")) from error
    store = import_module("carafe.registry.store_object")
    cache = ArtefactCache(settings.home / CACHE, most_bytes=settings.artifacts_cache_bytes)
    kept: ArtefactStore = store.ObjectArtefacts(client.Bucket(url), cache)
    return kept


def memory_registry() -> Registry:
    """Return an empty registry that lives in this process alone."""
    return Registry(
        metadata=MemoryMetadata(), artefacts=MemoryArtefacts(), key=derive(secrets.token_bytes(32), Purpose.ARTEFACTS)
    )
