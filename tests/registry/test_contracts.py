"""Every implementation of the stores, the in-memory twins included, keeps the contract that the package exports."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from carafe.access.keys_memory import MemoryKeyStore
from carafe.access.keys_sql import SqlKeyStore
from carafe.database import Database, open_database
from carafe.registry.client_obstore import Bucket
from carafe.registry.metadata_memory import MemoryMetadata
from carafe.registry.metadata_sql import SqlMetadata
from carafe.registry.owner import Ownership, Place
from carafe.registry.owner_disk import FolderPlace
from carafe.registry.owner_object import BucketPlace
from carafe.registry.store import ArtefactStore
from carafe.registry.store_cache import ArtefactCache
from carafe.registry.store_disk import DiskArtefacts
from carafe.registry.store_memory import MemoryArtefacts
from carafe.registry.store_object import ObjectArtefacts
from carafe.registry.store_owned import OwnedArtefacts
from carafe.testing import (
    ARTEFACT_CHECKS,
    KEY_CHECKS,
    METADATA_CHECKS,
    SHARED_CHECKS,
    check_artefact_store,
    check_key_store,
    check_metadata_store,
)
from carafe.testing.artefact_store import MakeArtefacts, MakeShared
from carafe.testing.key_store import MakeKeys
from carafe.testing.metadata_examples import MakeMetadata
from own_s3 import OwnS3


def each(checks: tuple[Callable[..., None], ...]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("check", checks, ids=lambda check: check.__name__)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Database]]:
    """Return a function that opens a fresh database, of each kind; all are closed after the test."""
    opened: list[Database] = []
    url = request.getfixturevalue("postgres").prepared if request.param == "postgresql" else lambda: None

    def fresh() -> Database:
        opened.append(open_database(tmp_path / f"home{len(opened)}", url()))
        return opened[-1]

    yield fresh
    for one in opened:
        one.close()


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Callable[[str], ArtefactStore]]:
    """Return a function that opens a bucket as a machine with a folder of its own does, without a grace for orphans."""
    opened: list[ArtefactStore] = []

    def another(url: str) -> ArtefactStore:
        cache, bucket = ArtefactCache(tmp_path / f"machine{len(opened)}", most_bytes=2**30), Bucket(url)
        opened.append(owned(ObjectArtefacts(bucket, cache, grace=timedelta(0)), BucketPlace(bucket)))
        return opened[-1]

    yield another
    for one in opened:
        one.close()


def owned(store: ArtefactStore, place: Place) -> ArtefactStore:
    """Return a store as it stands in a place that others can name, too."""
    return OwnedArtefacts(store, Ownership(place, owner="0" * 64, known=frozenset))


@each(METADATA_CHECKS)
def test_sql_metadata_keeps_the_contract(
    check: Callable[[MakeMetadata], None], database: Callable[[], Database]
) -> None:
    check(lambda: SqlMetadata(database()))


@each(METADATA_CHECKS)
def test_memory_metadata_keeps_the_contract(check: Callable[[MakeMetadata], None]) -> None:
    check(MemoryMetadata)


@each(ARTEFACT_CHECKS)
def test_the_disk_store_keeps_the_contract(check: Callable[[MakeArtefacts], None], tmp_path: Path) -> None:
    check(lambda: DiskArtefacts(tmp_path))


@each(ARTEFACT_CHECKS)
def test_a_folder_with_an_owner_keeps_the_contract(check: Callable[[MakeArtefacts], None], tmp_path: Path) -> None:
    check(lambda: owned(DiskArtefacts(tmp_path), FolderPlace(tmp_path)))


@each(ARTEFACT_CHECKS)
def test_the_object_store_keeps_the_contract(
    check: Callable[[MakeArtefacts], None], machine: Callable[[str], ArtefactStore], s3: OwnS3
) -> None:
    check(lambda: machine(s3.fresh()))


@each(SHARED_CHECKS)
def test_a_shared_folder_keeps_the_contract_of_machines(check: Callable[[MakeShared], None], tmp_path: Path) -> None:
    def one() -> ArtefactStore:
        return owned(DiskArtefacts(tmp_path), FolderPlace(tmp_path))

    check(lambda: (one(), one()))


@each(SHARED_CHECKS)
def test_the_object_store_keeps_the_contract_of_machines(
    check: Callable[[MakeShared], None], machine: Callable[[str], ArtefactStore], s3: OwnS3
) -> None:
    def two() -> tuple[ArtefactStore, ArtefactStore]:
        url = s3.fresh()
        return machine(url), machine(url)

    check(two)


@each(ARTEFACT_CHECKS)
def test_the_memory_store_keeps_the_contract(check: Callable[[MakeArtefacts], None]) -> None:
    check(MemoryArtefacts)


@each(KEY_CHECKS)
def test_the_sql_key_store_keeps_the_contract(
    check: Callable[[MakeKeys], None], database: Callable[[], Database]
) -> None:
    check(lambda: SqlKeyStore(database()))


@each(KEY_CHECKS)
def test_the_memory_key_store_keeps_the_contract(check: Callable[[MakeKeys], None]) -> None:
    check(MemoryKeyStore)


def test_a_whole_suite_runs_in_one_call() -> None:
    check_metadata_store(MemoryMetadata)
    check_artefact_store(MemoryArtefacts)
    check_key_store(MemoryKeyStore)


def test_a_store_that_breaks_its_promise_is_found_out() -> None:
    class Forgetful(MemoryKeyStore):
        def all(self) -> tuple[()]:
            return ()

    with pytest.raises(AssertionError):
        check_key_store(Forgetful)
