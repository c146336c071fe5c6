from __future__ import annotations

import hashlib
import io
import json
import shutil
import sqlite3
import stat
import zipfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import inspect

from carafe._version import __version__
from carafe.access import Role, open_keys
from carafe.access.authenticator import Authenticator
from carafe.cli.main import main
from carafe.database import open_database
from carafe.database.engine import WRITES, create
from carafe.database.rows import OURS
from carafe.database.tables_sql import METADATA
from carafe.database.upgrade import REVISIONS, run_migrations
from carafe.errors import (
    BackupUnavailable,
    CarafeError,
    CorruptBackup,
    DamagedHome,
    HomeNotEmpty,
    InvalidSetting,
    NewerHome,
    OutputUnavailable,
    StorageUnavailable,
)
from carafe.registry import Promotion, Registry, open_registry
from carafe.schema import ModelRef
from carafe.settings import Settings
from carafe.upkeep import back_up, restore, verify_backup
from carafe.upkeep.archive import INDEX
from carafe.upkeep.checkup import Order, State, examine
from carafe.upkeep.mark import Mark, held
from older_homes import assert_answers, older_backup, unpack
from sealed import publish, untried


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return the settings of a home with three versions of two models, an alias that moved, and two keys."""
    found = Settings(home=tmp_path / "home")
    with closing(open_registry(found)) as registry:
        publish(registry)
        publish(registry, promote=Promotion.ALWAYS)
        publish(registry, "boats")
        untried(registry).rollback("houses", reason="too high")
    with closing(open_keys(found)) as keys:
        keys.create(role=Role.ADMINISTRATOR)
        keys.revoke(keys.create(role=Role.ADMINISTRATOR, name="lost").record.id)
    return found


@pytest.fixture
def file(settings: Settings, tmp_path: Path) -> Path:
    """Return a backup of that home."""
    back_up(settings, tmp_path / "one.backup")
    return tmp_path / "one.backup"


@pytest.fixture
def elsewhere(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "elsewhere")


def rows(home: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of every table; an artefact's name is its store's own affair."""
    with closing(sqlite3.connect(home / "carafe.db")) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        connection.execute("UPDATE versions SET artefact = id")
        return {name: connection.execute(f"SELECT * FROM {name} ORDER BY 1").fetchall() for name in names}  # noqa: S608


def files(settings: Settings) -> dict[str, dict[str, bytes]]:
    """Return the files of every version."""
    with closing(open_registry(settings)) as registry:
        return {
            str(version): {path.name: path.read_bytes() for path in registry.fetch(version).folder.iterdir()}
            for version in registry.versions().items
        }


def test_a_restored_home_has_every_row_and_every_file_of_the_first(
    settings: Settings, file: Path, elsewhere: Settings
) -> None:
    index = restore(elsewhere, file)
    assert (index.versions, index.carafe, index.revision) == (3, __version__, REVISIONS[-1])
    assert files(elsewhere) == files(settings)
    assert (elsewhere.home / "secret.key").read_bytes() == (settings.home / "secret.key").read_bytes()
    assert rows(elsewhere.home) == rows(settings.home)
    assert {stat.S_IMODE(path.stat().st_mode) for path in elsewhere.home.rglob("*")} == {0o600, 0o700}


def test_every_table_of_the_database_is_in_a_backup(settings: Settings, file: Path) -> None:
    with closing(sqlite3.connect(settings.home / "carafe.db")) as connection:
        found = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert set(verify_backup(file).tables) == found - {"alembic_version"} == set(METADATA.tables)


def test_keys_work_where_they_were_restored_and_revoked_ones_do_not(tmp_path: Path, elsewhere: Settings) -> None:
    older = unpack("format2-revision0001", tmp_path)
    back_up(Settings(home=older.path), tmp_path / "older.backup")
    restore(elsewhere, tmp_path / "older.backup")
    assert_answers(elsewhere.home, older)
    with closing(open_keys(elsewhere)) as keys:
        authenticator = Authenticator(keys)
        assert {authenticator.authenticate(text).role.value for text in older.keys.values()} == older.keys.keys()
        with pytest.raises(CarafeError):
            authenticator.authenticate(older.revoked)


def test_a_restored_home_goes_on_where_the_first_was(file: Path, elsewhere: Settings) -> None:
    restore(elsewhere, file)
    with closing(open_registry(elsewhere)) as registry:
        assert publish(registry).number == 3
        assert registry.alias("houses").number == 1
        last = registry.history("houses").items
        assert [entry.action.value for entry in last] == [
            "publish",
            "rollback",
            "promote",
            "publish",
            "promote",
            "publish",
        ]


def test_a_backup_is_closed_to_other_accounts_and_replaces_the_last_one_whole(
    settings: Settings, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    before = file.read_bytes()

    def full(*_arguments: object, **_named: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("carafe.upkeep.backup._finish", full)
    with pytest.raises(OutputUnavailable, match=r"one\.backup can't be written \(No space left on device\)"):
        back_up(settings, file)
    assert file.read_bytes() == before
    assert [path.name for path in file.parent.iterdir() if "backup" in path.name] == ["one.backup"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ("backup", "nowhere/b"),
            (
                "carafe: The output can't be written [output-unavailable]\n"
                "  nowhere/b can't be written (No such file or directory): make the folder first, or choose another\n"
            ),
        ),
        (
            ("backup", "file/b"),
            (
                "carafe: The output can't be written [output-unavailable]\n"
                "  file/b can't be written (Not a directory): what should be its folder is a file; choose another\n"
            ),
        ),
        (
            ("backup", "--verify", "nosuch"),
            "carafe: The backup can't be read [backup-unavailable]\n  nosuch: there is no such file: check its name\n",
        ),
    ],
)
def test_a_backup_that_can_not_be_written_or_read_says_which_of_both(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arguments: tuple[str, ...], told: str
) -> None:
    monkeypatch.setenv("CARAFE_HOME", str(settings.home))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    done = CliRunner().invoke(main, arguments)
    assert (done.exit_code, done.stderr.partition("carafe:")[2]) == (1, told.partition("carafe:")[2])


def test_a_disk_that_fails_says_whether_reading_or_writing_did(
    file: Path, elsewhere: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object, **_named: object) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr("zipfile.ZipExtFile.read", fail)
        with pytest.raises(BackupUnavailable, match=r"one\.backup: it can't be read \(Input/output error\)"):
            verify_backup(file)
    with monkeypatch.context() as patched:
        patched.setattr("carafe.upkeep.mark.Mark.begin", fail)
        with pytest.raises(StorageUnavailable, match=r"it can't be restored into now \(Input/output error\).*again"):
            restore(elsewhere, file)
    restore(elsewhere, file)
    assert rows(elsewhere.home)


def test_a_home_that_has_something_in_it_is_not_restored_into(settings: Settings, file: Path, tmp_path: Path) -> None:
    before = rows(settings.home)
    with pytest.raises(HomeNotEmpty, match="its database has models, keys or a history"):
        restore(settings, file)
    assert rows(settings.home) == before
    lost = Settings(home=tmp_path / "lost")
    shutil.copytree(settings.home / "artefacts", lost.home / "artefacts")
    with pytest.raises(HomeNotEmpty, match="models' files already, whose database is lost"):
        restore(lost, file)
    assert len(list((lost.home / "artefacts" / "kept").iterdir())) == 3


def test_files_of_others_in_the_folder_are_left_alone(file: Path, elsewhere: Settings) -> None:
    elsewhere.home.mkdir(mode=0o700)
    (elsewhere.home / "mine.txt").write_text("mine")
    (elsewhere.home / "mine.txt").chmod(0o644)
    restore(elsewhere, file)
    assert {one.state for one in examine(Order(settings=elsewhere, repair=True))} == {State.OK}
    assert (elsewhere.home / "mine.txt").read_text() == "mine"
    assert (elsewhere.home / "mine.txt").stat().st_mode & 0o777 == 0o644


def test_a_restoration_that_died_can_be_begun_again(
    settings: Settings, file: Path, elsewhere: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_arguments: object, **_named: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("carafe.upkeep.restoration.fill", die)
    with pytest.raises(KeyboardInterrupt):
        restore(elsewhere, file)
    monkeypatch.undo()
    with pytest.raises(DamagedHome, match="has not ended: wait for it, or run the same `carafe restore` again"):
        open_registry(elsewhere)
    restore(elsewhere, file)
    assert not (elsewhere.home / "restoring").exists()
    assert files(elsewhere) == files(settings)
    with closing(open_registry(elsewhere)) as registry:
        assert registry.collect_orphans() == 3


def died_at_the_end(settings: Settings, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Restore everything, and die before the mark is removed."""

    def die(_mark: Mark) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Mark, "remove", die)
        with pytest.raises(KeyboardInterrupt):
            restore(settings, file)
    with pytest.raises(DamagedHome, match="has not ended"):
        open_registry(settings)


def test_a_restoration_that_died_when_all_was_restored_ends_when_it_is_begun_again(
    settings: Settings, file: Path, elsewhere: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    died_at_the_end(elsewhere, file, monkeypatch)
    assert restore(elsewhere, file).versions == 3
    assert files(elsewhere) == files(settings)
    assert rows(elsewhere.home) == rows(settings.home)
    with pytest.raises(HomeNotEmpty):
        restore(elsewhere, file)


def test_another_backup_than_the_one_that_was_restored_is_refused_and_the_home_is_open(
    settings: Settings, file: Path, elsewhere: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = files(settings)
    with closing(open_registry(settings)) as registry:
        publish(registry, "late")
    back_up(settings, file.with_name("two.backup"))
    died_at_the_end(elsewhere, file, monkeypatch)
    with pytest.raises(HomeNotEmpty, match="its database has models"):
        restore(elsewhere, file.with_name("two.backup"))
    assert files(elsewhere) == before


def test_the_checkup_opens_a_home_in_which_all_was_restored(
    settings: Settings, file: Path, elsewhere: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    died_at_the_end(elsewhere, file, monkeypatch)
    asked = [one for one in examine(Order(settings=elsewhere)) if one.state is State.PROBLEM]
    assert "`carafe doctor --repair` opens the home" in asked[0].advice
    states = {one.state for one in examine(Order(settings=elsewhere, repair=True))}
    assert states == {State.OK, State.MENDED}
    assert files(elsewhere) == files(settings)


def test_the_checkup_opens_no_home_in_which_only_files_were_restored(
    file: Path, elsewhere: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_arguments: object, **_named: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("carafe.upkeep.restoration.fill", die)
        with pytest.raises(KeyboardInterrupt):
            restore(elsewhere, file)
    assert State.PROBLEM in {one.state for one in examine(Order(settings=elsewhere, repair=True))}
    restore(elsewhere, file)


def test_two_restorations_into_one_home_are_not_mixed(file: Path, elsewhere: Settings) -> None:
    open_database(elsewhere.home).close()
    with (
        held(elsewhere.home) as mark,
        pytest.raises(StorageUnavailable, match=r"another restoration into .* is under way: wait for it"),
    ):
        restore(elsewhere, file)
    assert not (elsewhere.home / "secret.key").exists()
    mark.remove()
    restore(elsewhere, file)


def test_another_secret_in_the_settings_is_refused(file: Path, elsewhere: Settings) -> None:
    with pytest.raises(InvalidSetting, match="it is not the backup's"):
        restore(replace(elsewhere, secret="ab" * 32), file)
    assert not elsewhere.home.exists()


def test_where_there_is_no_home_there_is_nothing_to_back_up(elsewhere: Settings, tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable, match="there is no home at"):
        back_up(elsewhere, tmp_path / "x.backup")
    assert not elsewhere.home.exists()


def spoil(settings: Settings, reference: str) -> Path:
    with closing(open_registry(settings)) as registry:
        version = registry.resolve(ModelRef.parse(reference))
        model = registry.artefacts.fetch(version.artefact) / "model.skops"
        model.write_bytes(b"bits turned over")
        return model


def test_a_version_that_is_damaged_already_is_left_out_and_named(
    settings: Settings, tmp_path: Path, elsewhere: Settings
) -> None:
    spoil(settings, "houses@2")
    index = back_up(settings, tmp_path / "x.backup")
    assert [left.version for left in index.left_out] == ["houses@2"]
    assert "model.skops" in index.left_out[0].reason
    restore(elsewhere, tmp_path / "x.backup")
    with closing(open_registry(elsewhere)) as registry:
        assert [str(version) for version in registry.versions().items] == ["boats@1", "houses@1", "houses@2"]
        registry.fetch(registry.resolve(ModelRef.parse("houses@1")))


class Deleting:
    """A progress that deletes a version when it is first told of any."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.told: list[tuple[int, int]] = []

    def __call__(self, done: int, everything: int) -> None:
        if not self.told:
            self.registry.delete("houses", 2)
            publish(self.registry, "late")
        self.told.append((done, everything))


def test_a_version_that_is_deleted_before_its_turn_is_not_in_the_backup(
    settings: Settings, tmp_path: Path, elsewhere: Settings
) -> None:
    with closing(open_registry(settings)) as registry:
        back_up(settings, tmp_path / "x.backup", progress=Deleting(registry))
    restore(elsewhere, tmp_path / "x.backup")
    assert rows(elsewhere.home) == rows(settings.home)
    assert list(files(elsewhere)) == ["boats@1", "houses@1", "late@1"]


# --- files that are not what they should be ---


Entries = dict[str, bytes]


def rewritten(file: Path, change: Callable[[Entries], None], *, compression: int = zipfile.ZIP_STORED) -> Path:
    """Write the archive again with other members."""
    with zipfile.ZipFile(file) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    change(entries)
    crafted = file.with_name("crafted.backup")
    with zipfile.ZipFile(crafted, "w", compression) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return crafted


def indexed(change: Callable[[Entries], None], **fields: object) -> Callable[[Entries], None]:
    """Change members, and let the index list them as they are then."""

    def both(entries: Entries) -> None:
        change(entries)
        index = json.loads(entries.pop(INDEX)) | fields
        index["members"] = [
            {"path": path, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for path, content in entries.items()
        ]
        entries[INDEX] = json.dumps(index).encode()

    return both


def member(entries: Entries, ending: str) -> str:
    return next(name for name in entries if name.endswith(ending))


def change_model(entries: Entries) -> None:
    entries[member(entries, "model.skops")] = b"another model"


def change_model_and_manifest(entries: Entries) -> None:
    path = member(entries, "manifest.json")
    entries[path] = entries[path].replace(b'"name"', b'"nam\\u0065"', 1)


def drop_file(entries: Entries) -> None:
    del entries[member(entries, "model.skops")]


def drop_index(entries: Entries) -> None:
    del entries[INDEX]


def drop_table(entries: Entries) -> None:
    del entries["tables/keys.jsonl"]


def change_secret(entries: Entries) -> None:
    entries["secret.key"] = bytes(32)


def short_secret(entries: Entries) -> None:
    entries["secret.key"] = b"x"


def orphan_row(entries: Entries) -> None:
    entries["tables/models.jsonl"] = b""


def nothing(_entries: Entries) -> None:
    pass


@pytest.mark.parametrize(
    ("change", "story"),
    [
        (change_model, "does not list what is there"),
        (indexed(change_model), "are not what its manifest promises: model.skops"),
        (indexed(change_model_and_manifest), "not this home's signature"),
        (indexed(change_secret), "not this home's signature"),
        (indexed(short_secret), "1 bytes, expected 32"),
        (indexed(drop_file), "files are missing"),
        (indexed(drop_table), "tables are missing: keys"),
        (indexed(orphan_row), "belongs to no model"),
        (drop_index, f"it has no {INDEX}"),
        (lambda entries: entries.update({"../../etc/passwd": b""}), "expected only files that `carafe backup` writes"),
        (lambda entries: entries.update({"artefacts/x/y": b""}), "expected only files that `carafe backup` writes"),
        (lambda entries: entries.update({INDEX: b"[" * 100_000}), "not a file that `carafe backup` wrote"),
        (lambda entries: entries.update({"tables/more.jsonl": b"{}"}), "does not list what is there"),
    ],
)
def test_a_file_that_was_changed_is_refused_and_nothing_is_restored(
    file: Path, elsewhere: Settings, change: Callable[[Entries], None], story: str
) -> None:
    crafted = rewritten(file, change)
    with pytest.raises(CorruptBackup, match=story):
        verify_backup(crafted)
    with pytest.raises(CorruptBackup, match=story):
        restore(elsewhere, crafted)
    assert not elsewhere.home.exists()


def test_a_flipped_bit_anywhere_in_a_file_of_a_model_is_found(file: Path) -> None:
    content = bytearray(file.read_bytes())
    place = content.index(b"not a model, but never loaded either")
    content[place] ^= 1
    file.write_bytes(content)
    with pytest.raises(CorruptBackup, match=r"one\.backup: "):
        verify_backup(file)


def test_a_compressed_archive_is_refused_so_none_unpacks_to_more_than_it_is(file: Path) -> None:
    with pytest.raises(CorruptBackup, match="neither compressed nor encrypted"):
        verify_backup(rewritten(file, nothing, compression=zipfile.ZIP_DEFLATED))


def test_whatever_is_no_backup_is_refused(tmp_path: Path, file: Path) -> None:
    for content in (b"", b"dear diary", file.read_bytes()[:-100], file.read_bytes()[100:]):
        (tmp_path / "no.backup").write_bytes(content)
        with pytest.raises(CorruptBackup, match=r"no\.backup: "):
            verify_backup(tmp_path / "no.backup")


def test_a_backup_that_was_cut_off_or_appended_to_says_so(file: Path, tmp_path: Path) -> None:
    whole = file.read_bytes()
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:  # as a model's file may be one
        archive.writestr("arrays.npy", b"1")
    first = whole[: whole.index(b"PK", 4)]
    for content in (whole[:-1], whole[: len(whole) // 2], whole + b"x", first + inner.getvalue()):
        (tmp_path / "cut.backup").write_bytes(content)
        with pytest.raises(CorruptBackup, match=r"cut\.backup: it is cut off"):
            verify_backup(tmp_path / "cut.backup")


def test_a_row_that_refers_to_nothing_is_refused_and_the_home_is_as_it_was(file: Path, elsewhere: Settings) -> None:
    def dangling(entries: Entries) -> None:
        row = json.loads(entries["tables/aliases.jsonl"].splitlines()[0]) | {"id": 99, "alias": "x", "model_id": 99}
        entries["tables/aliases.jsonl"] += json.dumps(row).encode()

    open_registry(elsewhere).close()
    secret = (elsewhere.home / "secret.key").read_bytes()
    with pytest.raises(CorruptBackup, match="rows of aliases don't fit"):
        restore(elsewhere, rewritten(file, indexed(dangling)))
    assert (elsewhere.home / "secret.key").read_bytes() == secret
    assert {one.state for one in examine(Order(settings=elsewhere))} == {State.OK}
    restore(elsewhere, file)


@pytest.mark.parametrize(
    ("fields", "story"),
    [
        ({"format": 2, "more": 1}, "backup format 2, expected at most 1: upgrade carafe-serve"),
        (
            {"revision": "0999"},
            f"revision 0999, this Carafe knows up to {REVISIONS[-1]}: install the Carafe that wrote",
        ),
    ],
)
def test_a_newer_backup_is_refused_with_what_to_install(
    file: Path, elsewhere: Settings, fields: dict[str, object], story: str
) -> None:
    with pytest.raises(NewerHome, match=story):
        restore(elsewhere, rewritten(file, indexed(nothing, **fields)))
    assert not elsewhere.home.exists()


# --- older backups, other databases ---


def foreign(home: Path) -> list[tuple[object, ...]]:
    """Return the rows of a table of somebody else's, which is made in an empty database first."""
    open_database(home).close()
    with closing(sqlite3.connect(home / "carafe.db")) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS invoices (id INTEGER PRIMARY KEY, total INTEGER)")
        connection.execute("INSERT INTO invoices VALUES (1, 100) ON CONFLICT DO NOTHING")
        connection.commit()
        return connection.execute("SELECT * FROM invoices").fetchall()


def test_a_backup_of_an_older_database_is_restored_and_brought_up_to_date(tmp_path: Path, elsewhere: Settings) -> None:
    older = older_backup(tmp_path)
    restore(elsewhere, tmp_path / "older.backup")
    assert_answers(elsewhere.home, older)
    with closing(open_registry(elsewhere)) as registry:
        assert len(registry.history("iris").items) == 4


@pytest.mark.parametrize("name", ["one.backup", "older.backup"])
def test_tables_of_somebody_else_in_the_database_are_left_alone(
    file: Path, tmp_path: Path, elsewhere: Settings, name: str
) -> None:
    older_backup(tmp_path)
    before = foreign(elsewhere.home)
    restore(elsewhere, file.with_name(name))
    with closing(sqlite3.connect(elsewhere.home / "carafe.db")) as connection:
        assert connection.execute("SELECT * FROM invoices").fetchall() == before
    with closing(open_registry(elsewhere)) as registry:
        assert registry.models().items


@pytest.mark.parametrize("revision", REVISIONS)
def test_no_revision_had_a_table_that_todays_has_not(tmp_path: Path, revision: str) -> None:
    (tmp_path / "carafe.db").touch()
    engine = create(tmp_path / "carafe.db")
    with engine.connect().execution_options(**{WRITES: True}) as connection:
        run_migrations(connection, to=revision)
        assert set(inspect(connection).get_table_names()) <= OURS | {"alembic_version"}
    engine.dispose()


# --- the commands ---


def carafe(settings: Settings, *arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(main, arguments, env={"CARAFE_HOME": str(settings.home)})
    return done.exit_code, done.stdout, done.stderr


def test_the_commands_tell_what_they_did(settings: Settings, elsewhere: Settings, tmp_path: Path) -> None:
    name = str(tmp_path / "nightly.backup")
    status, told, _ = carafe(settings, "backup", name)
    assert (status, "3 versions as of" in told) == (0, True)
    assert "is whole: 3 versions" in carafe(settings, "backup", "--verify", name)[1]
    assert "can be restored: 3 versions" in carafe(elsewhere, "restore", "--dry-run", name)[1]
    assert not elsewhere.home.exists()
    assert carafe(elsewhere, "restore", name)[:1] == (0,)
    status, _, story = carafe(elsewhere, "restore", name)
    assert (status, "home-not-empty" in story) == (1, True)


def test_a_backup_without_a_damaged_version_ends_with_3_and_names_it(settings: Settings, tmp_path: Path) -> None:
    spoil(settings, "houses@1")
    status, _, story = carafe(settings, "backup", str(tmp_path / "x.backup"))
    assert status == 3
    assert "without the files of houses@1: model.skops" in story
    assert "`carafe doctor` says what to do" in story


def test_a_restored_home_that_does_not_open_hides_nothing_of_what_the_backup_lacks(
    settings: Settings, elsewhere: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(settings, "houses@1")
    back_up(settings, tmp_path / "x.backup")

    def away(_settings: Settings) -> None:
        raise StorageUnavailable("the store is away")

    monkeypatch.setattr("carafe.cli.restore.open_registry", away)
    status, told, story = carafe(elsewhere, "restore", str(tmp_path / "x.backup"))
    assert (status, "restored" in told) == (1, True)
    assert "without the files of houses@1: model.skops" in story
    assert "the store is away" in story
