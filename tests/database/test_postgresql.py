from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import insert, select, text, update

from carafe import database
from carafe.database import Database, engine_psycopg, open_database
from carafe.database.engine_psycopg import create
from carafe.database.tables_sql import METADATA, home
from carafe.database.upgrade import REVISIONS
from carafe.errors import InvalidSetting, MissingExtra, NewerHome, StorageUnavailable
from carafe.settings import Settings
from own_postgres import PASSWORD, OwnPostgres

GENERATION = select(home.c.generation)
MIGRATIONS = Path(database.__file__).parent / "migrations"


@pytest.fixture
def opened(postgres_url: str, tmp_path: Path) -> Iterator[Database]:
    found = open_database(tmp_path, postgres_url)
    yield found
    found.close()


def count_up(opened: Database) -> int:
    with opened.writing() as connection:
        connection.execute(update(home).values(generation=home.c.generation + 1))
        counted: int = connection.execute(GENERATION).scalar_one()
        return counted


def generation(opened: Database) -> int:
    with opened.reading() as connection:
        found: int = connection.execute(GENERATION).scalar_one()
        return found


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(StorageUnavailable) as caught:
        act()
    assert PASSWORD not in str(caught.value)
    return str(caught.value)


def test_the_migrations_build_the_tables_that_the_code_wants(opened: Database) -> None:
    with opened.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []


def test_processes_that_race_to_create_a_database_create_it_once(postgres: OwnPostgres, tmp_path: Path) -> None:
    url = postgres.fresh()
    with ThreadPoolExecutor(4) as pool:
        opened = list(pool.map(lambda number: open_database(tmp_path / str(number), url), range(4)))
    assert [one.scalar(GENERATION) for one in opened] == [0] * 4
    for one in opened:
        one.close()


def test_an_older_database_is_brought_up_to_date_with_what_is_in_it(postgres: OwnPostgres, tmp_path: Path) -> None:
    url = postgres.fresh()
    engine = create(url, patience=None)
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for statement in (
            "INSERT INTO models VALUES (1, 'houses', '2026-11-01', 2)",
            "INSERT INTO versions VALUES (7, 1, 2, '2026-11-02', 'regression', 'd', 'a', '{}', 'champion: the first')",
            "INSERT INTO aliases VALUES (3, 1, 'champion', 7, '2026-11-03')",
        ):
            connection.execute(text(statement))
    engine.dispose()
    opened = open_database(tmp_path, url)
    with opened.reading() as connection:
        rows = connection.execute(text("SELECT id, action, alias, number, after FROM history ORDER BY id")).all()
        assert [tuple(row) for row in rows] == [
            (1, "publish", None, 2, None),
            (2, "promote", "champion", None, '{"shares": [{"version": 2, "percent": 100.0}]}'),
        ]
        assert connection.execute(text("SELECT revision FROM aliases")).scalar() == 2
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == REVISIONS[-1]
    opened.close()


def test_a_database_of_a_newer_carafe_is_refused(postgres: OwnPostgres, postgres_url: str, tmp_path: Path) -> None:
    postgres.tell("UPDATE alembic_version SET version_num = '9999'", database=postgres_url.rpartition("/")[2])
    with pytest.raises(NewerHome, match=r"revision 9999, this Carafe knows up to .*: install the Carafe that wrote it"):
        open_database(tmp_path, postgres_url)


def test_a_reader_sees_one_moment_while_another_writes(opened: Database) -> None:
    with opened.reading() as reader:
        before = reader.execute(GENERATION).scalar()
        count_up(opened)
        assert reader.execute(GENERATION).scalar() == before
    assert generation(opened) == 1


def test_writers_come_one_after_the_other_and_lose_nothing(opened: Database) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(lambda _: count_up(opened), range(24))) == list(range(1, 25))


def test_a_change_that_fails_is_undone(opened: Database) -> None:
    def fail() -> None:
        with opened.writing() as connection:
            connection.execute(update(home).values(generation=99))
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert generation(opened) == 0


def test_a_look_at_the_generation_is_one_statement_and_no_transaction(opened: Database, postgres: OwnPostgres) -> None:
    """The server itself says what it was asked: workers look several times a second."""
    name = str(opened.scalar(text("SELECT current_database()")))
    postgres.tell(f"ALTER DATABASE {name} SET log_statement = 'all'")
    opened.close()
    opened.scalar(GENERATION)
    postgres.tell("SELECT 'from here'", database=name)
    opened.scalar(GENERATION)
    postgres.tell("SELECT 'to here'", database=name)
    between = postgres.log.rpartition("from here")[2].partition("to here")[0]
    asked = [line for line in between.splitlines() if "statement:" in line or "execute" in line]
    assert len(asked) == 2  # the generation, and the statement that ends this look
    assert "generation" in asked[0]
    assert "BEGIN" not in between


def test_a_server_that_was_started_again_is_used_as_if_nothing_had_happened(
    postgres: OwnPostgres, opened: Database
) -> None:
    with ThreadPoolExecutor(4) as pool:  # several connections lie in the pool
        list(pool.map(lambda _: generation(opened), range(16)))
    postgres.stop()
    postgres.start()
    assert opened.scalar(GENERATION) == 0
    assert generation(opened) == 0
    assert count_up(opened) == 1


def test_a_server_that_is_gone_is_told_and_found_again_when_it_is_back(
    postgres: OwnPostgres, opened: Database, tmp_path: Path, postgres_url: str
) -> None:
    assert generation(opened) == 0
    postgres.stop()
    try:
        for act in (
            lambda: generation(opened),
            lambda: count_up(opened),
            lambda: opened.scalar(GENERATION),
            lambda: open_database(tmp_path, postgres_url),
        ):
            assert "(Connection refused): check the server that CARAFE_DATABASE_URL names" in refusal(act)
        assert refusal(lambda: generation(opened)).endswith("names, then try again")
        assert refusal(lambda: count_up(opened)).endswith("names, look whether the change was made, then try again")
    finally:
        postgres.start()
    assert count_up(opened) == 1


def test_a_server_that_ends_in_the_middle_of_a_change_has_made_none_of_it(
    postgres: OwnPostgres, opened: Database
) -> None:
    def interrupted() -> None:
        with opened.writing() as connection:
            connection.execute(update(home).values(generation=50))
            postgres.stop()
            connection.execute(update(home).values(generation=51))

    try:
        assert "look whether the change was made, then try again" in refusal(interrupted)
    finally:
        postgres.start()
    assert generation(opened) == 0


def test_a_server_that_answers_nothing_is_given_up_in_seconds(
    postgres: OwnPostgres, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_psycopg, "_CONNECT_SECONDS", 1)
    opened = Database(create(postgres_url, patience=0.5), engine_psycopg.POSTGRESQL)
    assert generation(opened) == 0
    postgres.freeze()
    try:
        began = time.monotonic()
        assert "no answer within 0.5 s" in refusal(lambda: generation(opened))
        assert "connection timeout expired" in refusal(lambda: opened.scalar(GENERATION))
        assert time.monotonic() - began < 15
    finally:
        postgres.go_on()
    assert generation(opened) == 0
    opened.close()


def test_a_writer_that_waits_too_long_for_another_is_told(postgres_url: str, opened: Database) -> None:
    hasty = Database(create(f"{postgres_url}?options=-c%20lock_timeout%3D200"), engine_psycopg.POSTGRESQL)
    with opened.writing():
        assert "canceling statement due to lock timeout" in refusal(lambda: count_up(hasty))
    assert count_up(hasty) == 1
    hasty.close()


def test_a_machine_that_stands_still_while_it_writes_lets_others_go_on(postgres_url: str, opened: Database) -> None:
    frozen = Database(
        create(f"{postgres_url}?options=-c%20idle_in_transaction_session_timeout%3D300"), engine_psycopg.POSTGRESQL
    )
    standing, over = Event(), Event()

    def stand_still() -> None:
        with frozen.writing() as connection:
            connection.execute(update(home).values(generation=77))
            standing.set()
            over.wait(30)

    with ThreadPoolExecutor(1) as pool:
        standstill = pool.submit(stand_still)
        standing.wait(30)
        assert count_up(opened) == 1
        over.set()
        assert "can't be used now" in refusal(standstill.result)
    assert generation(opened) == 1
    frozen.close()


def test_a_database_that_takes_no_changes_now_says_so(opened: Database) -> None:
    def change() -> None:
        with opened.writing() as connection:
            connection.execute(text("SET TRANSACTION READ ONLY"))  # as everything is on a standby
            connection.execute(update(home).values(generation=5))

    assert "cannot execute UPDATE in a read-only transaction" in refusal(change)
    assert generation(opened) == 0


def test_an_account_that_may_not_is_told(postgres: OwnPostgres, postgres_url: str, tmp_path: Path) -> None:
    name = postgres_url.rpartition("/")[2]
    postgres.tell(f"CREATE ROLE reader_{name} LOGIN PASSWORD 'wh4t-ever'")
    postgres.tell(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader_{name}", database=name)
    opened = open_database(tmp_path, postgres_url.replace(f"carafe:{PASSWORD}", f"reader_{name}:wh4t-ever"))
    assert generation(opened) == 0
    assert "permission denied for table home" in refusal(lambda: count_up(opened))
    opened.close()


@pytest.mark.parametrize("change", ["RENAME generation TO changes", "RENAME TO house"])
def test_tables_that_a_newer_carafe_has_changed_are_told(
    postgres: OwnPostgres, postgres_url: str, opened: Database, change: str
) -> None:
    assert generation(opened) == 0
    postgres.tell(f"ALTER TABLE home {change}", database=postgres_url.rpartition("/")[2])
    for act in (lambda: generation(opened), lambda: count_up(opened), lambda: opened.scalar(GENERATION)):
        assert "tables are those of another Carafe's revision" in refusal(act)


def test_a_wrong_password_is_told_and_not_repeated(postgres_url: str, tmp_path: Path) -> None:
    said = refusal(lambda: open_database(tmp_path, postgres_url.replace(PASSWORD, "wr0ng-one")))
    assert "password authentication failed" in said
    assert "wr0ng-one" not in said


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://carafe:s3cr3t@host:what/carafe",
        "postgresql://carafe:s3cr3t@host/carafe?what=1",
        "postgresql://carafe:s3@cr3t@host/carafe",
    ],
)
def test_a_url_that_can_not_be_read_is_refused_and_not_shown(url: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting) as caught:
        open_database(tmp_path, url)
    assert "expected postgresql://user:password@host:5432/database" in str(caught.value)
    assert "cr3t" not in f"{caught.value!r}{caught.value.__cause__!r}{caught.value.__context__!r}"


def test_a_database_and_its_settings_never_show_the_password(opened: Database, postgres_url: str) -> None:
    assert PASSWORD not in repr(opened)
    assert PASSWORD not in repr(opened.engine)
    assert PASSWORD not in repr(Settings(database_url=postgres_url))


def test_a_forked_child_opens_its_own_connection(opened: Database) -> None:
    assert generation(opened) == 0
    child = os.fork()
    if child == 0:
        count_up(opened)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert generation(opened) == 1


def test_names_are_in_the_order_of_their_bytes_whatever_the_language_of_the_server(opened: Database) -> None:
    table = METADATA.tables["models"]
    names = ["a-b", "a0", "a_b", "b"]
    with opened.writing() as connection:
        for name in names[::-1]:
            connection.execute(insert(table).values(name=name, created=text("now()"), last_number=0))
    with opened.reading() as connection:
        assert list(connection.execute(select(table.c.name).order_by(table.c.name)).scalars()) == names
        english = connection.execute(text('SELECT name FROM models ORDER BY name COLLATE "en-US-x-icu"')).scalars()
        assert list(english) != names


def test_without_its_driver_the_extra_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delitem(sys.modules, "carafe.database.engine_psycopg")
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(MissingExtra, match=r"PostgreSQL needs psycopg: pip install 'carafe-serve\[postgres\]'"):
        open_database(tmp_path, "postgresql://host/carafe")
