"""A home on a disk that is really mounted read-only, while others may see the same disk elsewhere and write."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import Connection, event, text

from carafe.cli.main import main
from carafe.database import Database, open_database
from carafe.errors import DamagedHome, ModelNotFound, StorageUnavailable
from carafe.registry import Registry, open_registry
from carafe.settings import Settings
from carafe.web import create_app
from carafe.web.service import open_service
from conftest import skip_or_fail
from reliability import disks
from sealed import publish, publish_really


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with one version, which nobody has open."""
    with closing(open_registry(Settings(home=tmp_path / "home"))) as registry:
        publish(registry)
    return tmp_path / "home"


@pytest.fixture
def mounted(home: Path, tmp_path: Path) -> Iterator[Path]:
    """The same home, seen through a mount that takes no changes."""
    if not disks.can_mount():
        skip_or_fail("this account may not mount: a disk that takes no changes can't be had")
    folder = tmp_path / "mounted"
    folder.mkdir()
    subprocess.run(["mount", "--bind", home, folder], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", folder], check=True)
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def everything(home: Path) -> set[str]:
    return {str(path.relative_to(home)) for path in home.rglob("*")}


def versions(registry: Registry) -> list[str]:
    return [str(version) for version in registry.versions().items]


def test_a_home_on_a_read_only_disk_is_read_and_backed_up_and_takes_no_change(
    mounted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = everything(mounted)
    monkeypatch.setenv("CARAFE_HOME", str(mounted))

    def run(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(main, arguments)
        return done.exit_code, done.output

    for arguments in (("models",), ("history", "houses"), ("models", "show", "houses@1")):
        code, said = run(*arguments)
        assert (code, "houses" in said or "version 1" in said) == (0, True), said
    assert run("backup", str(tmp_path / "one.backup"))[0] == 0
    assert run("backup", "--verify", str(tmp_path / "one.backup"))[0] == 0
    code, said = run("doctor")
    assert (code, said.count("problem")) == (1, 1), said
    code, said = run("promote", "houses@1")
    assert (code, "storage-unavailable" in said) == (1, True)
    assert everything(mounted) == before


def test_a_service_over_a_home_on_a_read_only_disk_answers(mounted: Path, home: Path) -> None:
    with closing(open_registry(Settings(home=home))) as registry:
        publish_really(registry)
    before = everything(mounted)
    settings = Settings(home=mounted, open=True)
    with closing(open_service(settings)) as service:
        client = create_app(settings, service=service).test_client()
        answer = client.post("/models/line/predict", data='{"größe": 2}'.encode(), content_type="application/json")
    assert (answer.status_code, answer.content_type) == (200, "application/json"), answer.text
    assert everything(mounted) == before


def test_what_is_written_elsewhere_is_seen_on_the_read_only_disk(mounted: Path, home: Path) -> None:
    with closing(open_registry(Settings(home=mounted))) as reader:
        assert versions(reader) == ["houses@1"]
        generation = reader.generation()
        with closing(open_registry(Settings(home=home))) as writer:
            publish(writer)
            assert versions(reader) == ["houses@1", "houses@2"]
            assert reader.generation() > generation
        assert versions(reader) == ["houses@1", "houses@2"]
        with closing(open_registry(Settings(home=home))) as writer:
            publish(writer)
        assert versions(reader) == ["houses@1", "houses@2", "houses@3"]


def test_what_is_read_while_somebody_writes_elsewhere_is_refused(mounted: Path, home: Path) -> None:
    with closing(open_registry(Settings(home=mounted))) as reader:
        with (
            pytest.raises(StorageUnavailable, match="changed from elsewhere while it was read here: try again"),
            reader.metadata._database.reading(),  # type: ignore[attr-defined]  # noqa: SLF001 - a long look
            closing(open_registry(Settings(home=home))) as writer,
        ):
            publish(writer)
        assert versions(reader) == ["houses@1", "houses@2"]


def _seems_gone(_connection: Connection) -> None:
    raise ModelNotFound("houses")


def _seems_broken(connection: Connection) -> None:
    connection.execute(text("select * from versions")).all()


@pytest.mark.parametrize("found", [_seems_gone, _seems_broken])
def test_what_half_a_change_made_elsewhere_looks_like_is_not_believed(
    mounted: Path, home: Path, found: Callable[[Connection], None]
) -> None:
    file = home / "carafe.db"
    content = file.read_bytes()

    def change() -> None:
        with file.open("r+b") as stream:  # every page but the first, as halfway through a checkpoint
            stream.seek(4096)
            stream.write(os.urandom(len(content) - 4096))

    def look(database: Database) -> None:
        with database.reading() as connection:
            connection.execute(text("select count(*) from home")).all()
            change()
            found(connection)

    with closing(open_database(mounted)) as database:
        with pytest.raises(StorageUnavailable, match="changed from elsewhere while it was read here: try again"):
            look(database)
        file.write_bytes(content)
        with database.reading() as connection:
            assert connection.execute(text("select count(*) from versions")).scalar_one() == 1


def test_a_look_that_half_a_change_breaks_is_refused_too(mounted: Path, home: Path) -> None:
    statement = text("select broken() from versions")

    with closing(open_database(mounted)) as database:

        def broken() -> int:
            os.utime(home / "carafe.db")
            raise ValueError

        @event.listens_for(database.engine, "connect")
        def define(connection: sqlite3.Connection, _record: object) -> None:
            connection.create_function("broken", 0, broken)

        with pytest.raises(StorageUnavailable, match="changed from elsewhere"):
            database.scalar(statement)


def test_a_disk_that_takes_changes_again_needs_no_restart(mounted: Path) -> None:
    with closing(open_registry(Settings(home=mounted))) as registry:
        with pytest.raises(StorageUnavailable):
            registry.drop_alias("houses", "champion")
        subprocess.run(["mount", "-o", "remount,bind,rw", mounted], check=True)
        registry.drop_alias("houses", "champion")
        assert publish(registry).number == 2


def test_no_home_is_begun_on_a_read_only_disk(mounted: Path, home: Path) -> None:
    (home / "carafe.db").rename(home / "aside.db")
    with pytest.raises(DamagedHome):
        open_registry(Settings(home=mounted))
    with pytest.raises(StorageUnavailable):
        open_registry(Settings(home=mounted / "new"))
