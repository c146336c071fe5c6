"""What older Carafes left on disks opens, answers as it did, and keeps a way back."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from carafe.access import open_keys
from carafe.access.authenticator import Authenticator
from carafe.database import open_database
from carafe.database.upgrade import REVISIONS
from carafe.errors import NewerArtefact, NewerHome, StorageUnavailable, Unauthenticated
from carafe.models.manifest import FORMAT
from carafe.models.verification import signature_of
from carafe.registry import open_registry
from carafe.registry.history import Action
from carafe.schema import ModelRef
from carafe.settings import Settings
from older_homes import NAMES, OlderHome, assert_answers, unpack

LAST = REVISIONS[-1]

Unpack = Callable[[str], OlderHome]


@pytest.fixture(params=NAMES)
def older(request: pytest.FixtureRequest, tmp_path: Path) -> OlderHome:
    return unpack(request.param, tmp_path)


def revision(file: Path) -> str:
    with closing(sqlite3.connect(file)) as connection:
        found: str = connection.execute("SELECT version_num FROM alembic_version").fetchone()[0]
        return found


def contents(home: Path) -> dict[str, bytes]:
    return {str(path.relative_to(home)): path.read_bytes() for path in home.rglob("*") if path.is_file()}


def test_homes_of_every_older_format_and_revision_are_kept() -> None:
    assert len(NAMES) >= 2
    assert any("format1" in name for name in NAMES)


def test_an_older_home_opens_and_every_version_answers_as_it_did(older: OlderHome) -> None:
    assert_answers(older.path, older)
    assert revision(older.path / "carafe.db") == LAST


def test_the_keys_of_an_older_home_stay_valid_and_its_revoked_ones_refused(older: OlderHome) -> None:
    with closing(open_keys(Settings(home=older.path))) as keys:
        authenticator = Authenticator(keys)
        assert {role: authenticator.authenticate(text).role.value for role, text in older.keys.items()} == {
            role: role for role in older.keys
        }
        with pytest.raises(Unauthenticated):
            authenticator.authenticate(older.revoked)


def test_the_history_of_an_older_home_begins_with_what_is_there(older: OlderHome) -> None:
    with closing(open_registry(Settings(home=older.path))) as registry:
        entries = registry.history("iris").items
        assert sorted((entry.action.value, entry.alias, entry.version) for entry in entries if entry.version) == [
            ("publish", None, 1),
            ("publish", None, 2),
        ]
        for name, number in (("champion", 2), ("challenger", 1)):
            alias = registry.alias("iris", name)
            (last,) = (entry for entry in entries if entry.id == alias.revision)
            assert (last.action, last.alias, last.after) == (Action.PROMOTE, name, alias.traffic)
            assert alias.number == number


def test_an_older_home_is_worked_on_like_any_other(older: OlderHome) -> None:
    with closing(open_registry(Settings(home=older.path))) as registry:
        registry.promote(ModelRef.parse("iris@1"), reason="back")
        registry.rollback("iris")
        assert registry.alias("iris").number == 2
        registry.drop_alias("iris", "challenger")
        registry.delete("iris", 1)
        assert [version.number for version in registry.versions(name="iris").items] == [2]


def test_what_the_database_was_is_kept_for_the_way_back(older: OlderHome) -> None:
    before = older.path / f"carafe.db.before-{LAST}"
    open_database(older.path).close()
    assert revision(before) == "0001"
    assert before.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(before)) as copy:
        assert copy.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert copy.execute("SELECT count(*) FROM aliases").fetchone() == (3,)
    open_database(older.path).close()
    assert [path.name for path in older.path.glob("*.before-*")] == [before.name]


def test_only_the_copy_of_the_last_upgrade_is_kept(older: OlderHome) -> None:
    (older.path / "carafe.db.before-0000").write_bytes(b"older still")
    open_database(older.path).close()
    assert [path.name for path in older.path.glob("*.before-*")] == [f"carafe.db.before-{LAST}"]


def test_an_upgrade_that_can_not_keep_a_copy_changes_nothing(older: OlderHome, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("carafe.database.before.flush_folder", full)
    with pytest.raises(StorageUnavailable, match="No space left"):
        open_database(older.path)
    assert revision(older.path / "carafe.db") == "0001"
    monkeypatch.undo()
    open_database(older.path).close()
    assert revision(older.path / "carafe.db") == LAST


def test_processes_that_start_at_once_upgrade_a_home_once(older: OlderHome) -> None:
    program = (
        "import pathlib, sys; from carafe.database import upgrade, open_database\n"
        "from unittest.mock import patch\n"
        "with patch.object(upgrade, '_migrate', wraps=upgrade._migrate) as migrate:\n"
        "    sys.stdin.readline(); open_database(pathlib.Path(sys.argv[1])).close(); print(migrate.call_count)\n"
    )
    command = [sys.executable, "-c", program, str(older.path)]
    started = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=dict(os.environ))
        for _ in range(4)
    ]
    for process in started:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    told = [process.communicate(timeout=120)[0].strip() for process in started]
    assert sorted(told) == ["0", "0", "0", "1"]
    assert_answers(older.path, older)


def test_a_newer_home_is_refused_and_not_touched(older: OlderHome) -> None:
    with closing(sqlite3.connect(older.path / "carafe.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0999'")
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = contents(older.path)
    with pytest.raises(NewerHome, match=rf"revision 0999, this Carafe knows up to {LAST}: install the Carafe that"):
        open_registry(Settings(home=older.path))
    assert contents(older.path) == before


def test_a_newer_artefact_is_refused_and_not_put_aside(older: OlderHome) -> None:
    with closing(open_registry(Settings(home=older.path))) as registry:
        version = registry.resolve(ModelRef.parse("iris@2"))
        folder = registry.artefacts.fetch(version.artefact)
        newer = (folder / "manifest.json").read_bytes().replace(b'"format": ', b'"format": 9', 1)
        (folder / "manifest.json").write_bytes(newer)
        (folder / "manifest.sig").write_bytes(signature_of(newer, registry.key))
        with pytest.raises(NewerArtefact, match=rf"expected at most {FORMAT}: upgrade carafe-serve"):
            registry.fetch(version)
        assert registry.artefacts.fetch(version.artefact) == folder
