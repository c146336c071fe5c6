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
from carafe.registry.owner import Known, Ownership
from carafe.registry.owner_disk import FolderPlace
from carafe.registry.registry import Registry
from carafe.registry.store import ArtefactStore
from carafe.registry.store_cache import ArtefactCache
from carafe.registry.store_disk import DiskArtefacts
from carafe.registry.store_memory import MemoryArtefacts
from carafe.registry.store_owned import OwnedArtefacts
from carafe.settings import Settings

CACHE = Path("cache") / "artefacts"
"""The folder of the home with copies of what is in an object store."""


def open_registry(settings: Settings, *, patience: float = PATIENCE, to_be_forked: bool = False) -> Registry:
    """Return the registry of the home that ``settings`` name; create the home where there is none.

    Args:
        settings: where the home is.
        patience: for how many seconds a change waits while another process makes one.
        to_be_forked: whether this process may be forked: then an object store is not asked at once whose place it is,
            but only when something is put there or seems to be gone, for its client does not survive a fork.

    Raises:
        NewerHome: when a newer Carafe has written it.
        DamagedHome: when its database or its secret is not what Carafe wrote.
        StorageUnavailable: when it can't be created, read or written, or the models' files are not where they were.
        InvalidSetting: when another registry keeps its files in the same place.
    """
    home = open_home(settings, patience=patience)
    try:
        metadata = SqlMetadata(home.database)
        look = not (to_be_forked and is_bucket(settings))
        artefacts = open_artefacts(settings, secret=home.secret, known=metadata.artefacts, look=look)
    except BaseException:
        home.close()
        raise
    return Registry(metadata=metadata, artefacts=artefacts, key=home.key_for(Purpose.ARTEFACTS))


def is_bucket(settings: Settings) -> bool:
    """Tell whether the files are in an object store."""
    return settings.artifacts_url is not None and not settings.artifacts_url.startswith("file:")


def open_artefacts(settings: Settings, *, secret: bytes, known: Known, look: bool = True) -> ArtefactStore:
    """Return the store of the files: in the home, in a folder that machines share, or in an object store.

    Args:
        settings: where the files are.
        secret: the home's, by which a place that others can name is marked.
        known: returns the names of all artefacts that the database knows.
        look: whether to look at once whose place it is.

    Raises:
        StorageUnavailable: when it can't be created, read or written, or holds nothing of what the database knows.
        InvalidSetting: when the place is another registry's.
        MissingExtra: when what speaks to an object store is not installed.
    """
    owner = derive(secret, Purpose.STORE).hex()
    if settings.artifacts_url is None:
        return _own(settings.home / ARTEFACTS, owner, known)
    if is_bucket(settings):
        return _in_bucket(settings, settings.artifacts_url, owner, known, look=look)
    return _shared(Path(unquote(urlsplit(settings.artifacts_url).path)), owner, known, look=look)


def _own(root: Path, owner: str, known: Known) -> ArtefactStore:
    """Return the store in a home, which needs no mark; another registry may have been led there and set its own."""
    Ownership(FolderPlace(root), owner=owner, known=known).is_marked()
    return DiskArtefacts(root)


def _shared(root: Path, owner: str, known: Known, *, look: bool) -> ArtefactStore:
    ownership = Ownership(FolderPlace(root), owner=owner, known=known)
    if look:  # before anything is made: where nothing is mounted an empty folder would take the place of all
        ownership.look()
    return OwnedArtefacts(DiskArtefacts(root), ownership)


def _in_bucket(settings: Settings, url: str, owner: str, known: Known, *, look: bool) -> ArtefactStore:
    try:
        client = import_module("carafe.registry.client_obstore")
    except ImportError as error:
        raise MissingExtra.of("an object store", ImportError(str(error), name="obstore")) from error
    bucket = client.Bucket(url)
    place = import_module("carafe.registry.owner_object").BucketPlace(bucket)
    ownership = Ownership(place, owner=owner, known=known)
    if look:
        ownership.look_if_reached()
    cache = ArtefactCache(settings.home / CACHE, most_bytes=settings.artifacts_cache_bytes)
    store: ArtefactStore = import_module("carafe.registry.store_object").ObjectArtefacts(bucket, cache)
    return OwnedArtefacts(store, ownership)


def memory_registry() -> Registry:
    """Return an empty registry that lives in this process alone."""
    return Registry(
        metadata=MemoryMetadata(), artefacts=MemoryArtefacts(), key=derive(secrets.token_bytes(32), Purpose.ARTEFACTS)
    )
