"""A backup knows no particular database or store."""

from __future__ import annotations

import json
import shutil
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner

from carafe.access import open_home, open_keys
from carafe.access.authenticator import Authenticator
from carafe.cli.main import main
from carafe.database import open_database
from carafe.database.rows import fill
from carafe.database.tables_sql import METADATA
from carafe.database.upgrade import REVISIONS
from carafe.errors import CorruptBackup, DamagedHome, HomeNotEmpty
from carafe.registry import State, open_registry
from carafe.settings import Settings
from carafe.upkeep import back_up, restore
from carafe.upkeep.checkup import Depth, Order, examine
from carafe.upkeep.checkup import State as Condition
from monitoring.following import PLAN, Clock, Worker
from older_homes import older_backup, unpack
from own_s3 import OwnS3
from sealed import publish, untried

pytestmark = pytest.mark.xdist_group("postgres")


def test_a_home_moves_to_postgresql_and_an_object_store_and_back_by_its_backups(
    tmp_path: Path, postgres_url: str, s3: OwnS3
) -> None:
    older = unpack("format2-revision0001", tmp_path)
    back_up(Settings(home=older.path), tmp_path / "there.backup")
    there = Settings(home=tmp_path / "there", database_url=postgres_url, artifacts_url=s3.fresh())
    restore(there, tmp_path / "there.backup")
    with closing(open_registry(there)) as registry:
        before = registry.history("iris").items
        assert registry.alias("iris").number == 2
        assert publish(registry, "iris").number == 4  # the database goes on counting where the other one was
        registry.delete("iris", 4)
        assert len(registry.history("iris").items) == len(before) + 2
    with closing(open_keys(there)) as keys:
        authenticator = Authenticator(keys)
        assert {authenticator.authenticate(text).role.value for text in older.keys.values()} == older.keys.keys()
    with pytest.raises(HomeNotEmpty):
        restore(replace(there, home=tmp_path / "other"), tmp_path / "there.backup")
    states = {finding.check: finding.state for finding in examine(Order(settings=there, depth=Depth.DEEP))}
    assert states.pop("database") is states.pop("revision") is Condition.SKIPPED
    assert set(states.values()) == {Condition.OK}, list(examine(Order(settings=there)))
    back_up(there, tmp_path / "back.backup")
    back = Settings(home=tmp_path / "back")
    restore(back, tmp_path / "back.backup")
    with closing(open_registry(back)) as registry:
        assert registry.history("iris").items[2:] == before
    assert {finding.state for finding in examine(Order(settings=back, depth=Depth.DEEP))} == {Condition.OK}


@pytest.mark.parametrize("name", ["older.backup", "today.backup"])
def test_tables_of_somebody_else_on_the_server_are_left_alone(tmp_path: Path, postgres_url: str, name: str) -> None:
    older = older_backup(tmp_path)
    back_up(Settings(home=older.path), tmp_path / "today.backup")
    with closing(psycopg.connect(postgres_url)) as connection:
        connection.execute("CREATE TABLE invoices (id integer PRIMARY KEY, total integer)")
        connection.execute("INSERT INTO invoices VALUES (1, 100)")
        connection.commit()
        there = Settings(home=tmp_path / "there", database_url=postgres_url)
        restore(there, tmp_path / name)
        assert connection.execute("SELECT * FROM invoices").fetchall() == [(1, 100)]
    with closing(open_registry(there)) as registry:
        assert registry.alias("iris").number == 2


def test_a_machine_without_the_secret_makes_none_for_a_database_that_was_begun(
    tmp_path: Path, postgres_url: str
) -> None:
    first = Settings(home=tmp_path / "first", database_url=postgres_url)
    open_home(first).close()
    second = Settings(home=tmp_path / "second", database_url=postgres_url)
    for _ in range(2):
        with pytest.raises(
            DamagedHome, match=r"secret\.key is gone from .*bring secret\.key from a machine that shares"
        ):
            open_home(second)
    assert list(second.home.iterdir()) == []
    shutil.copy2(first.home / "secret.key", second.home)
    open_home(second).close()


def test_a_bucket_that_is_gone_is_told_once_and_copies_do_not_stand_in_for_it(tmp_path: Path, s3: OwnS3) -> None:
    settings = Settings(home=tmp_path / "home", artifacts_url=s3.fresh())
    with closing(open_registry(settings)) as registry:
        publish(registry)
    gone = replace(settings, artifacts_url=f"s3://nobody-made-this?{s3.parameters}")
    *well, last = examine(Order(settings=gone))
    assert {finding.state for finding in well} == {Condition.OK}
    assert (last.check, last.state) == ("store", Condition.PROBLEM)
    assert last.says == "there is no such bucket as CARAFE_ARTIFACTS_URL names: create it, or correct the URL"
    assert "not looked at: versions, libraries, orphans" in last.advice
    assert "versions" not in {finding.check for finding in well}


def test_no_row_is_quoted_when_rows_do_not_fit(tmp_path: Path, postgres_url: str) -> None:
    key = {"id": "k", "name": "n", "role": "reader", "digest": "d1g3st", "created": "2026-01-01T00:00:00Z"}
    row = json.dumps(key | {"revoked": None, "rate": None}).encode()
    index: dict[str, list[bytes]] = {table: [] for table in METADATA.tables} | {"keys": [row, row]}
    with closing(open_database(tmp_path, postgres_url)) as database, pytest.raises(CorruptBackup) as caught:
        fill(database, revision=REVISIONS[-1], tables=index, lines=index.__getitem__, before_commit=lambda: None)
    assert str(caught.value) == ('rows of keys don\'t fit (duplicate key value violates unique constraint "pk_keys")')


def test_a_rollout_that_was_going_on_waits_in_the_restored_home_until_somebody_lets_it_go_on(
    tmp_path: Path, postgres_url: str
) -> None:
    first = Settings(home=tmp_path / "first")
    with closing(open_registry(first)) as registry:
        for _ in range(2):
            publish(registry)
        untried(registry).rollouts.begin("houses", 2, plan=PLAN, by="ann")
        worker = Worker(registry, Clock())
        worker.asked(1, 900)
        worker.asked(2, 100)
        assert worker.watch(62).step == 1
        worker.asked(2, 100)
        worker.watch(30)
        back_up(first, tmp_path / "mid.backup")
    there = Settings(home=tmp_path / "there", database_url=postgres_url)
    restore(there, tmp_path / "mid.backup")
    with closing(open_registry(there)) as registry:
        found = registry.rollouts.latest("houses")
        assert (found.rollout.state, found.rollout.step, found.rollout.by) == (State.PAUSED, 1, "ann")
        assert found.rollout.outcome.startswith("paused by the restoration of a backup")
        assert [each.candidate.answered for each in found.figures] == [100, 100]
        shares = registry.alias("houses").traffic
        assert str(shares) == "version 1 75 %, version 2 25 %"
        worker = Worker(registry, Clock())
        worker.asked(2, 1000)
        assert (worker.watch(90).step, registry.alias("houses").traffic) == (1, shares)
        registry.rollouts.resume("houses")
        assert worker.watch(32).step == 1, "the step lasts a minute here, too, however long it had elsewhere"
        assert worker.watch(30).step == 2
        assert worker.watch(1).state is State.RUNNING
    again = Settings(home=tmp_path / "again")
    restore(again, tmp_path / "mid.backup")
    with closing(open_registry(again)) as registry:
        worker = Worker(registry, Clock())
        worker.failed(2, 30)
        assert worker.watch(2).state is State.TURNED_BACK
        assert str(registry.alias("houses").traffic) == "version 1"


def test_a_rollout_that_was_paused_already_begins_its_step_anew_too(tmp_path: Path) -> None:
    first = Settings(home=tmp_path / "first")
    with closing(open_registry(first)) as registry:
        for _ in range(2):
            publish(registry)
        untried(registry).rollouts.begin("houses", 2, plan=PLAN)
        worker = Worker(registry, Clock())
        worker.watch(59)
        registry.rollouts.pause("houses", by="ann")
        before = worker.watch(1)
        assert before.lasted > 50
    back_up(first, tmp_path / "mid.backup")
    there = Settings(home=tmp_path / "there")
    restore(there, tmp_path / "mid.backup")
    with closing(open_registry(there)) as registry:
        found = registry.rollouts.latest("houses").rollout
        assert (found.state, found.outcome, found.lasted) == (State.PAUSED, before.outcome, 0)


def test_the_restoration_says_which_rollouts_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = Settings(home=tmp_path / "first")
    with closing(open_registry(first)) as registry:
        for _ in range(2):
            publish(registry)
        untried(registry).rollouts.begin("houses", 2)
    back_up(first, tmp_path / "mid.backup")
    monkeypatch.setenv("CARAFE_HOME", str(tmp_path / "there"))
    done = CliRunner().invoke(main, ("restore", str(tmp_path / "mid.backup")))
    assert done.exit_code == 0
    assert "the rollout of houses@2 on champion is paused at 5 %: `carafe rollout resume` or `stop` it" in done.output
    assert {finding.state for finding in examine(Order(settings=Settings(home=tmp_path / "there")))} == {Condition.OK}
