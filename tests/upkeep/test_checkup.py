from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from carafe.cli.main import main
from carafe.database import open_database
from carafe.database.upgrade import REVISIONS
from carafe.errors import DamagedHome, StorageUnavailable
from carafe.registry import Promotion, Registry, memory_registry, open_registry
from carafe.schema import ModelRef
from carafe.settings import Settings
from carafe.upkeep import back_up
from carafe.upkeep.checkup import Depth, Finding, Order, State, examine
from carafe.upkeep.checkup.orphans import check_orphans
from carafe.upkeep.checkup.permissions import check_permissions
from carafe.upkeep.checkup.versions import check_versions
from older_homes import unpack
from sealed import publish, seal_really, untried


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return the settings of a home with two versions, the second of which is champion."""
    found = Settings(home=tmp_path / "home")
    with closing(open_registry(found)) as registry:
        publish(registry)
        publish(registry, promote=Promotion.ALWAYS)
    return found


def look(settings: Settings, *, repair: bool = False, depth: Depth = Depth.FULL) -> list[Finding]:
    """Return all findings that are not simply good."""
    found = examine(Order(settings=settings, repair=repair, depth=depth))
    return [finding for finding in found if finding.state not in {State.OK, State.SKIPPED}]


def only(findings: list[Finding]) -> Finding:
    (finding,) = findings
    return finding


def folder_of(settings: Settings, reference: str) -> Path:
    with closing(open_registry(settings)) as registry:
        return registry.artefacts.fetch(registry.resolve(ModelRef.parse(reference)).artefact)


def rewrite(settings: Settings, statement: str) -> None:
    with closing(sqlite3.connect(settings.home / "carafe.db")) as connection:
        connection.execute(statement)
        connection.commit()


def snapshot(home: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path.relative_to(home)): (path.stat().st_mode, b"" if path.is_dir() else path.read_bytes())
        for path in home.rglob("*")
        if "carafe.db-" not in path.name
    }


def test_nothing_is_found_in_a_home_that_is_well(settings: Settings) -> None:
    before = snapshot(settings.home)
    findings = list(examine(Order(settings=settings)))
    assert {finding.state for finding in findings} == {State.OK}
    assert [finding.check for finding in findings] == [
        "permissions", "leftovers", "space", "secret", "revision", "home", "database", "history", "clock", "store",
        "versions", "libraries", "orphans",
    ]  # fmt: skip
    assert snapshot(settings.home) == before


def test_what_other_accounts_may_read_is_closed(settings: Settings) -> None:
    (settings.home / "carafe.db").chmod(0o644)
    (settings.home / "artefacts" / "kept").chmod(0o755)
    found = only(look(settings))
    assert (found.state, found.says) == (
        State.PROBLEM,
        "other accounts may read or write 2 files and folders: artefacts/kept, carafe.db",
    )
    assert only(look(settings, repair=True)).state is State.MENDED
    assert look(settings) == []


def test_everything_that_carafe_has_in_a_home_is_closed_and_nothing_of_others(settings: Settings) -> None:
    for name in ("carafe.db-wal", "carafe.db.new", f"carafe.db.before-{REVISIONS[-1]}", "limits", "secret.key.new"):
        (settings.home / name).touch()
    for name in ("cache/artefacts/kept", "samples/houses@1"):
        (settings.home / name).mkdir(parents=True)
    own = set(settings.home.rglob("*"))
    others = {settings.home / "mine.txt", settings.home / "theirs", settings.home / "theirs" / "secret.key"}
    (settings.home / "theirs").mkdir()
    for file in others - {settings.home / "theirs"}:
        file.touch()
    for path in own | others:
        path.chmod(0o755)
    check = Order(settings=settings)
    assert f"may read or write {len(own)} files and folders: " in only(list(check_permissions(check))).says
    assert only(list(check_permissions(replace(check, repair=True)))).state is State.MENDED
    assert {path for path in settings.home.rglob("*") if path.stat().st_mode & 0o077} == others
    assert only(list(check_permissions(check))).state is State.OK


def test_one_is_not_told_as_if_it_were_several(settings: Settings) -> None:
    (settings.home / "secret.key").chmod(0o644)
    assert only(look(settings)).says == "other accounts may read or write 1 file or folder: secret.key"
    assert only(look(settings, repair=True)).says == "1 file or folder is closed to other accounts now"


def test_a_home_that_others_arranged_is_only_warned_of(settings: Settings) -> None:
    settings.home.chmod(0o770)
    assert only(look(settings, repair=True)).state is State.WARNING
    assert settings.home.stat().st_mode & 0o777 == 0o770


def test_a_lost_secret_is_named_before_another_takes_its_place(settings: Settings) -> None:
    (settings.home / "secret.key").unlink()
    found = only(look(settings, repair=True))
    assert (found.check, found.state) == ("secret", State.PROBLEM)
    assert "bring secret.key back from a backup" in found.advice
    assert not (settings.home / "secret.key").exists()


def test_the_secret_of_another_home_is_named(settings: Settings) -> None:
    (settings.home / "secret.key").write_bytes(bytes(32))
    found = only(look(settings, repair=True))
    assert (found.check, found.state) == ("home", State.PROBLEM)
    assert "is not the secret that this home was made with" in found.says


def test_a_file_that_is_no_database_is_named(settings: Settings) -> None:
    for file in settings.home.glob("carafe.db*"):
        file.unlink()
    (settings.home / "carafe.db").write_bytes(b"dear diary, " * 100)
    (settings.home / "carafe.db").chmod(0o600)
    assert "carafe.db can't be read" in only(look(settings)).says


def test_a_damaged_page_of_the_database_is_found(settings: Settings) -> None:
    rewrite(settings, "PRAGMA wal_checkpoint(TRUNCATE)")
    rewrite(settings, "PRAGMA writable_schema = ON")
    with closing(sqlite3.connect(settings.home / "carafe.db")) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_master SET rootpage = 3 WHERE name = 'ix_history_model_id'")
        connection.commit()
    found = look(settings, repair=True)
    assert any(finding.check in {"database", "home"} and finding.state is State.PROBLEM for finding in found)
    assert any("restore" in finding.advice or "restore" in finding.says for finding in found)


def test_a_row_that_refers_to_nothing_is_found(settings: Settings) -> None:
    rewrite(settings, "UPDATE history SET model_id = 99 WHERE id = 1")
    found = only(look(settings))
    assert found.says == "a row of history refers to a row of models that is not there"
    assert "restore it from a backup" in found.advice


def test_an_older_home_is_left_alone_until_it_is_to_be_repaired(tmp_path: Path) -> None:
    home = unpack("format1-revision0001", tmp_path).path
    before = snapshot(home)
    found = only(look(Settings(home=home)))
    assert found.says.startswith(f"the database has revision 0001, this Carafe's is {REVISIONS[-1]}")
    assert snapshot(home) == before
    assert [finding.state for finding in look(Settings(home=home), repair=True, depth=Depth.DEEP)] == [State.MENDED]


def test_a_newer_home_is_named_and_left_alone(settings: Settings) -> None:
    rewrite(settings, "UPDATE alembic_version SET version_num = '0999'")
    before = snapshot(settings.home)
    found = only(look(settings, repair=True))
    assert "revision 0999" in found.says
    assert "install the Carafe that wrote it" in found.says
    assert snapshot(settings.home) == before


def test_a_restoration_that_did_not_end_is_named(settings: Settings) -> None:
    (settings.home / "restoring").touch(mode=0o600)
    assert [finding.check for finding in look(settings)] == ["leftovers", "home"]
    assert "run the same `carafe restore` again" in look(settings)[0].advice


def test_drafts_that_a_crash_left_are_removed(settings: Settings) -> None:
    for name in ("carafe.db.new", "carafe.db.new-wal", "secret.key.new", f"carafe.db.before-{REVISIONS[-1]}.new"):
        (settings.home / name).touch(mode=0o600)
    assert only(look(settings)).state is State.WARNING
    assert only(look(settings, repair=True)).state is State.MENDED
    assert look(settings) == []


def test_an_alias_that_the_history_does_not_explain_is_found_and_written_down(settings: Settings) -> None:
    rewrite(settings, "UPDATE alias_versions SET version_id = 1")
    found = only(look(settings))
    assert (found.check, found.state) == ("history", State.PROBLEM)
    assert "houses@champion (version 1) is not what the history's last entry says" in found.says
    assert only(look(settings, repair=True)).state is State.MENDED
    assert look(settings) == []
    with closing(open_registry(settings)) as registry:
        assert registry.alias("houses").number == 1
        assert registry.history("houses").items[0].by == "carafe doctor"


@pytest.mark.parametrize("depth", [Depth.FULL, Depth.QUICK])
def test_a_damaged_version_that_answers_is_the_worst_of_all(settings: Settings, depth: Depth) -> None:
    (folder_of(settings, "houses@2") / "model.skops").write_bytes(b"short")
    found = only(look(settings, repair=True, depth=depth))
    assert found.state is State.PROBLEM
    assert "houses@2 is damaged, and champion points at it: no process can load it any more" in found.says
    assert "promote another version of houses now" in found.advice
    assert folder_of(settings, "houses@2").is_dir()


def test_all_aliases_of_a_damaged_version_are_named(settings: Settings) -> None:
    with closing(open_registry(settings)) as registry:
        untried(registry).promote(ModelRef.parse("houses@2"), alias="staging")
    (folder_of(settings, "houses@2") / "model.skops").write_bytes(b"short")
    assert "houses@2 is damaged, and champion and staging point at it: no" in only(look(settings)).says


def test_a_flipped_bit_is_found_by_reading_and_not_by_a_quick_look(settings: Settings) -> None:
    model = folder_of(settings, "houses@1") / "model.skops"
    model.write_bytes(model.read_bytes()[:-1] + b"!")
    assert look(settings, depth=Depth.QUICK) == []
    found = only(look(settings))
    assert "houses@1 is damaged: model.skops" in found.says
    assert found.advice == "carafe delete houses@1, or restore the home from a backup"


def test_files_that_are_gone_are_found_by_a_quick_look(settings: Settings) -> None:
    shutil.rmtree(folder_of(settings, "houses@1"))
    assert "its files are gone" in only(look(settings, depth=Depth.QUICK)).says


def test_only_a_deep_look_asks_the_models(settings: Settings) -> None:
    assert look(settings, depth=Depth.FULL) == []
    found = look(settings, depth=Depth.DEEP)  # these are sealed as they should be, and are no models
    assert [one.state for one in found] == [State.WARNING] * 2
    assert all("its files are what was published, but " in one.advice for one in found)
    assert not any("delete" in one.advice for one in found)
    with closing(open_registry(settings)) as registry:
        for number in (1, 2):
            with registry.staging() as folder:
                seal_really(folder, key=registry.key)
                registry.publish(name="houses", staged=folder, promote=Promotion.ALWAYS)
            if number == 2:
                registry.delete("houses", 1)
                registry.delete("houses", 2)
    assert look(settings, depth=Depth.DEEP) == []


def test_a_publication_in_the_future_is_found(settings: Settings) -> None:
    ahead = (datetime.now(UTC) + timedelta(days=1)).replace(tzinfo=None).isoformat(" ")
    rewrite(settings, f"UPDATE versions SET created = '{ahead}' WHERE number = 2")  # noqa: S608
    assert "set this machine's clock" in only(look(settings)).advice


def test_little_room_is_warned_of(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    for free, state in ((1024**3 // 2, State.WARNING), (1024, State.PROBLEM)):
        usage = SimpleNamespace(total=1024**4, free=free)
        monkeypatch.setattr("carafe.upkeep.checkup.machine.shutil.disk_usage", lambda _path, usage=usage: usage)
        assert only(look(settings)).state is state


def test_a_library_that_versions_need_and_that_is_absent_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("carafe.upkeep.checkup.extras.find_spec", lambda name: None if name == "skops" else name)
    older = unpack("format1-revision0001", tmp_path)
    with closing(open_registry(Settings(home=older.path))):
        pass
    found = only(look(Settings(home=older.path)))
    assert found.says.startswith("skops is not installed, and 3 versions need it to answer: iris@1, iris@2, width@1")
    assert found.advice.startswith("pip install 'carafe-serve[train]'")


def orphan(registry: Registry) -> str:
    with registry.artefacts.staging() as folder, registry.artefacts.keep(folder) as artefact:
        return artefact


@pytest.fixture(params=["home", "memory"])
def registry(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Registry]:
    found = open_registry(Settings(home=tmp_path / "home")) if request.param == "home" else memory_registry()
    yield found
    found.close()


def orphans(registry: Registry, *, repair: bool = False) -> list[State]:
    return [finding.state for finding in check_orphans(Order(settings=Settings(), repair=repair), registry)]


def test_orphans_are_collected_in_any_store_and_what_is_referred_to_stays(registry: Registry) -> None:
    version = publish(registry)
    left = orphan(registry)
    aside = orphan(registry)
    registry.artefacts.quarantine(aside)
    assert orphans(registry) == [State.WARNING, State.WARNING]
    assert orphans(registry, repair=True) == [State.MENDED]
    assert registry.artefacts.survey().kept == {version.artefact}
    assert not registry.artefacts.survey().aside
    assert orphans(registry) == [State.OK]
    assert left not in registry.artefacts.survey().kept


def test_what_is_put_aside_of_a_version_that_is_there_is_not_removed(registry: Registry) -> None:
    version = publish(registry)
    registry.artefacts.quarantine(version.artefact)
    for repair in (False, True):
        (left,) = check_orphans(Order(settings=Settings(), repair=repair), registry)
        assert (left.state, left.says) == (State.WARNING, "the files of 1 version were damaged and put aside")
        assert left.advice.startswith("see versions; ")
    assert registry.artefacts.survey().aside == {version.artefact}
    (found,) = check_versions(Order(settings=Settings(), repair=True), registry)
    assert "its files were damaged and put aside" in found.says
    registry.drop_alias("houses", "champion")
    registry.delete("houses", version.number)
    assert orphans(registry) == [State.OK]


def test_what_is_put_aside_stays_while_the_database_knows_no_version(registry: Registry) -> None:
    aside = orphan(registry)
    registry.artefacts.quarantine(aside)
    (found,) = check_orphans(Order(settings=Settings(), repair=True), registry)
    assert (found.state, "the database knows no version" in found.advice) == (State.WARNING, True)
    assert registry.artefacts.survey().aside == {aside}


def test_versions_that_are_deleted_meanwhile_hide_no_other_from_the_checkup(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("carafe.registry.versions._WALKED", 2)
    for name in ("boats", "houses"):
        for _ in range(4):
            publish(registry, name)
        registry.drop_alias(name, "champion")
    damaged = registry.versions(name="houses").items
    for version in damaged[0], damaged[3]:
        registry.artefacts.quarantine(version.artefact)

    def delete_what_was_looked_at(done: int, _all: int) -> None:
        if done in {2, 4}:
            for number in (done - 1, done):
                registry.delete("boats", number)

    order = Order(settings=Settings(), progress=delete_what_was_looked_at)
    assert [finding.says.partition(" ")[0] for finding in check_versions(order, registry)] == ["houses@1", "houses@4"]


def test_nothing_is_collected_while_somebody_publishes_and_it_says_so(registry: Registry) -> None:
    publish(registry)
    left = orphan(registry)
    with registry.artefacts.staging():
        found = list(check_orphans(Order(settings=Settings(), repair=True), registry))
    assert State.MENDED not in {finding.state for finding in found}
    assert "1 artefact that no version refers to was left: somebody is publishing" in found[0].says
    assert left in registry.artefacts.survey().kept


def test_the_files_of_a_lost_database_are_a_problem_and_stay(settings: Settings) -> None:
    settings = replace(settings, secret=(settings.home / "secret.key").read_bytes().hex())
    for file in (*settings.home.glob("carafe.db*"), settings.home / "secret.key"):
        file.unlink()
    open_database(settings.home).close()
    found = only(look(settings, repair=True))
    assert (found.check, found.state) == ("orphans", State.PROBLEM)
    assert "the database knows no version, but there are files of 2" in found.says
    assert len(list((settings.home / "artefacts" / "kept").iterdir())) == 2


def carafe(settings: Settings, *arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["doctor", *arguments], env={"CARAFE_HOME": str(settings.home)})
    return done.exit_code, done.output


def test_the_command_prints_a_table_and_exits_with_1_while_problems_remain(settings: Settings) -> None:
    assert carafe(settings)[0] == 0
    (settings.home / "carafe.db").chmod(0o644)
    status, told = carafe(settings)
    assert (status, "carafe doctor --repair" in told) == (1, True)
    assert carafe(settings, "--repair", "--quick")[0] == 0
    assert carafe(settings, "--quick", "--deep")[0] == 2


def test_the_command_prints_json(settings: Settings) -> None:
    status, told = carafe(settings, "--json")
    assert status == 0
    assert {"check": "secret", "state": "ok", "says": "secret.key is there", "advice": ""} in json.loads(told)


def test_the_command_makes_no_home_where_there_is_none(tmp_path: Path) -> None:
    status, told = carafe(Settings(home=tmp_path / "none"), "--repair")
    assert (status, "there is no home at" in told.replace("\n", "")) == (1, True)
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("url", [None, "postgresql://nobody@127.0.0.1:1/none"])
def test_a_file_in_the_place_of_a_home_is_named_by_whoever_meets_it(tmp_path: Path, url: str | None) -> None:
    settings = Settings(home=tmp_path / "home", database_url=url)
    settings.home.touch()
    told = f"the home {settings.home} is a file, expected a folder: set CARAFE_HOME to another name, or move"
    assert told in only(look(settings, repair=True)).says
    for ask in (lambda: back_up(settings, tmp_path / "x.backup"), lambda: open_registry(settings)):
        with pytest.raises(StorageUnavailable, match=re.escape(told)):
            ask()


@pytest.mark.parametrize("left", ["secret.key", "artefacts"])
def test_a_home_that_lost_its_database_is_not_taken_for_none(settings: Settings, left: str, tmp_path: Path) -> None:
    for file in settings.home.glob("carafe.db*"):
        file.unlink()
    (settings.home / left).rename(tmp_path / left)
    shutil.rmtree(settings.home)
    settings.home.mkdir(mode=0o700)
    (tmp_path / left).rename(settings.home / left)
    found = only(look(settings, repair=True))
    assert (found.check, found.state) == ("home", State.PROBLEM)
    assert "has a secret or models but no carafe.db: bring the database back" in found.says
    with pytest.raises(DamagedHome, match="has a secret or models"):
        back_up(settings, tmp_path / "x.backup")
    with pytest.raises(DamagedHome, match="has a secret or models"):
        open_registry(settings)
    assert [path.name for path in settings.home.iterdir()] == [left]


@contextmanager
def as_somebody_else(home: Path, mode: int) -> Iterator[None]:
    """Give a folder a mode; a process to which nothing is closed becomes somebody else's for the time."""
    before, somebody = home.stat().st_mode & 0o777, os.geteuid()
    home.chmod(mode)
    if somebody == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(somebody)
        home.chmod(before)


@pytest.mark.parametrize("url", [None, "postgresql://nobody@127.0.0.1:1/none"])
def test_a_home_that_this_account_may_not_enter_is_told_in_words(
    settings: Settings, tmp_path: Path, url: str | None
) -> None:
    settings = replace(settings, database_url=url)
    with as_somebody_else(tmp_path, 0):
        found = only(look(settings))
        with pytest.raises(StorageUnavailable, match=r"can't be read \(Permission denied\): check its owner"):
            back_up(settings, tmp_path / "x.backup")
    assert (found.check, found.state) == ("home", State.PROBLEM)
    assert f"the home {settings.home} can't be read (Permission denied)" in found.says


def test_a_home_that_this_account_may_only_read_is_named() -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "home").mkdir(mode=0o755)
        (folder / "home" / "carafe.db").touch(mode=0o600)
        with as_somebody_else(folder / "home", 0o555):
            found = next(check_permissions(Order(settings=Settings(home=folder / "home"))))
    assert found.state is State.PROBLEM
    assert "this account can't write to the home" in found.says
