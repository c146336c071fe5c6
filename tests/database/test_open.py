from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from carafe import database
from carafe.database import Database, open_database
from carafe.database.engine import SQLITE, WRITES, create
from carafe.database.tables_sql import METADATA
from carafe.database.upgrade import REVISIONS
from carafe.errors import DamagedHome, NewerHome, StorageUnavailable

MIGRATIONS = Path(database.__file__).parent / "migrations"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "some" / "home"


@pytest.fixture
def opened(home: Path) -> Iterator[Database]:
    found = open_database(home)
    yield found
    found.close()


def mode(path: Path) -> str:
    return oct(path.stat().st_mode & 0o777)


def rewrite(home: Path, statement: str) -> None:
    with sqlite3.connect(home / "carafe.db") as connection:
        connection.execute(statement)
    connection.close()


def test_everything_in_a_home_is_closed_to_other_accounts_whatever_the_umask(home: Path) -> None:
    before = os.umask(0)
    try:
        found = open_database(home)
        with found.writing() as connection:
            connection.execute(text("UPDATE home SET generation = 5"))
            assert {mode(home), mode(home.parent)} == {"0o700"}
            assert {mode(file) for file in home.iterdir()} == {"0o600"}
            assert {"carafe.db", "carafe.db-wal", "carafe.db-shm"} <= {file.name for file in home.iterdir()}
        found.close()
    finally:
        os.umask(before)


def test_a_commit_survives_a_power_cut_and_readers_do_not_wait_for_writers(opened: Database) -> None:
    with opened.reading() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")
        }
        assert found == {"journal_mode": "wal", "synchronous": 2}
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 30_000


def test_a_reader_sees_one_moment_while_another_writes(opened: Database) -> None:
    with opened.reading() as reader:
        before = reader.execute(text("SELECT generation FROM home")).scalar()
        with opened.writing() as writer:
            writer.execute(text("UPDATE home SET generation = generation + 1"))
        assert reader.execute(text("SELECT generation FROM home")).scalar() == before
    with opened.reading() as reader:
        assert reader.execute(text("SELECT generation FROM home")).scalar() == 1


def test_a_change_that_fails_is_undone(opened: Database) -> None:
    def fail() -> None:
        with opened.writing() as connection:
            connection.execute(text("UPDATE home SET generation = 99"))
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    with opened.reading() as connection:
        assert connection.execute(text("SELECT generation FROM home")).scalar() == 0


def test_the_migrations_build_the_tables_that_the_code_wants(opened: Database) -> None:
    with opened.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
        unnamed = connection.execute(
            text("SELECT sql FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE '%CONSTRAINT%'")
        )
        assert unnamed.all() == []


def test_the_code_knows_every_revision_and_which_is_the_last() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    script = ScriptDirectory.from_config(config)
    walked = [step.revision for step in script.walk_revisions()]
    assert tuple(reversed(walked)) == REVISIONS
    assert script.get_current_head() == REVISIONS[-1]


def test_an_up_to_date_home_opens_without_alembic(home: Path) -> None:
    open_database(home).close()
    program = (
        "import sys, pathlib; from carafe.database import open_database\n"
        "open_database(pathlib.Path(sys.argv[1])).close()\n"
        "print([name for name in sys.modules if name.startswith('alembic')])"
    )
    done = subprocess.run([sys.executable, "-c", program, home], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def build_older(home: Path) -> None:
    """Build a home of the first release, in which an alias points at a version."""
    home.mkdir(parents=True)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    (home / "carafe.db").touch()
    engine = create(home / "carafe.db")
    with engine.connect().execution_options(**{WRITES: True}) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    engine.dispose()
    rewrite(home, "INSERT INTO models VALUES (1, 'houses', '2026-11-01', 1)")
    rewrite(home, "INSERT INTO versions VALUES (1, 1, 1, '2026-11-01', 'regression', 'd', 'a', '{}', 'the first')")
    rewrite(home, "INSERT INTO aliases VALUES (1, 1, 'champion', 1, '2026-11-01')")


def test_an_older_home_whose_tables_refer_to_each_other_is_upgraded(home: Path) -> None:
    build_older(home)
    found = open_database(home)
    with found.reading() as connection:
        rows = connection.execute(text("SELECT alias, revision, version_id FROM aliases JOIN alias_versions")).all()
        assert [tuple(row) for row in rows] == [("champion", 2, 1)]
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    found.close()


def test_an_older_home_with_references_to_nothing_is_left_as_it_is(home: Path) -> None:
    build_older(home)
    rewrite(home, "INSERT INTO versions VALUES (2, 9, 1, '2026-11-01', 'regression', 'd', 'b', '{}', 'of no model')")
    for _ in range(2):
        with pytest.raises(DamagedHome, match="rows of history, versions refer to rows that are not"):
            open_database(home)


def test_a_home_of_a_newer_carafe_is_refused_and_left_alone(home: Path) -> None:
    open_database(home).close()
    rewrite(home, "UPDATE alembic_version SET version_num = '9999'")
    before = (home / "carafe.db").read_bytes()
    with pytest.raises(
        NewerHome, match=rf"revision 9999, this Carafe knows up to {REVISIONS[-1]}: install the Carafe that wrote it"
    ):
        open_database(home)
    assert (home / "carafe.db").read_bytes() == before


def test_an_empty_database_file_is_brought_up_to_date(home: Path) -> None:
    home.mkdir(parents=True)
    (home / "carafe.db").touch(mode=0o600)
    found = open_database(home)
    with found.reading() as connection:
        assert connection.execute(text("SELECT generation FROM home")).scalar() == 0
    found.close()


def test_a_file_that_is_no_database_is_named(home: Path) -> None:
    home.mkdir(parents=True)
    (home / "carafe.db").write_bytes(b"dear diary, " * 100)
    with pytest.raises(DamagedHome, match=r"carafe\.db can't be read \(file is not a database\): restore the home"):
        open_database(home)


def test_a_broken_file_is_named_whether_the_driver_says_so_or_what_is_built_on_it(home: Path) -> None:
    home.mkdir(parents=True)
    (home / "carafe.db").write_bytes(b"dear diary, " * 100)
    engine = create(home / "carafe.db")
    with pytest.raises(DamagedHome, match=r"carafe\.db can't be read"), SQLITE.told():
        engine.raw_connection()  # as for its write-ahead log


def test_a_home_that_is_a_file_or_leads_nowhere_is_refused(tmp_path: Path) -> None:
    (tmp_path / "home").touch()
    with pytest.raises(StorageUnavailable, match=r"home is a file, expected a folder: set CARAFE_HOME to another"):
        open_database(tmp_path / "home")
    (tmp_path / "led").symlink_to(tmp_path / "nowhere")
    with pytest.raises(StorageUnavailable, match=r"led can't be created \(File exists\): set CARAFE_HOME to a folder"):
        open_database(tmp_path / "led")


def test_a_database_that_vanished_is_an_error_and_no_crash(home: Path, opened: Database) -> None:
    opened.close()
    shutil.rmtree(home)

    def read() -> None:
        with opened.reading():
            pass

    with pytest.raises(StorageUnavailable, match=r"can't be used now \(unable to open database file\)"):
        read()


def test_a_creation_that_was_cut_short_is_begun_again(home: Path) -> None:
    home.mkdir(parents=True)
    for leftover in ("carafe.db.new", "carafe.db.new-journal", "carafe.db.new-wal"):
        (home / leftover).write_bytes(b"half")
    found = open_database(home)
    with found.reading() as connection:
        assert connection.execute(text("SELECT generation FROM home")).scalar() == 0
    found.close()
    assert not list(home.glob("*.new*"))


def test_a_forked_child_opens_its_own_connection(opened: Database) -> None:
    with opened.reading():
        pass
    child = os.fork()
    if child == 0:
        with opened.writing() as connection:
            connection.execute(text("UPDATE home SET generation = generation + 1"))
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    with opened.reading() as connection:
        assert connection.execute(text("SELECT generation FROM home")).scalar() == 1


def hold(opened: Database, connections: int) -> None:
    with ExitStack() as held:
        for _ in range(connections):
            held.enter_context(opened.reading())


def test_more_threads_than_connections_are_told_to_come_again(
    opened: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opened.engine.pool, "_timeout", 0.01)
    hold(opened, 15)
    with pytest.raises(StorageUnavailable, match="more threads want the database than it has connections"):
        hold(opened, 16)


def test_a_home_that_may_not_be_looked_into_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exists = Path.exists

    def forbidden(path: Path) -> bool:
        if path.parent == home:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return exists(path)

    monkeypatch.setattr(Path, "exists", forbidden)
    with pytest.raises(StorageUnavailable, match=r"the home can't be read \(Permission denied\): check its owner"):
        open_database(home)
