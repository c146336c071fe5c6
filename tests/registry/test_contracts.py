"""Every implementation of the stores, the in-memory twins included, keeps the contract that the package exports."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from carafe.access.keys_memory import MemoryKeyStore
from carafe.access.keys_sql import SqlKeyStore
from carafe.database import Database, open_database
from carafe.registry.metadata_memory import MemoryMetadata
from carafe.registry.metadata_sql import SqlMetadata
from carafe.registry.store_disk import DiskArtefacts
from carafe.registry.store_memory import MemoryArtefacts
from carafe.testing import (
    ARTEFACT_CHECKS,
    KEY_CHECKS,
    METADATA_CHECKS,
    check_artefact_store,
    check_key_store,
    check_metadata_store,
)
from carafe.testing.artefact_store import MakeArtefacts
from carafe.testing.key_store import MakeKeys
from carafe.testing.metadata_examples import MakeMetadata


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
