"""What is written to a database that is no longer under its name is refused, not lost."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from carafe.database import Database, open_database
from carafe.errors import StorageUnavailable


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def opened(home: Path) -> Iterator[Database]:
    found = open_database(home)
    raise_generation(found)
    yield found
    found.close()


def raise_generation(database: Database) -> None:
    with database.writing() as connection:
        connection.execute(text("UPDATE home SET generation = generation + 1"))


def generation(database: Database) -> int:
    number: int = database.scalar(text("SELECT generation FROM home"))
    return number


def take_away(home: Path, aside: Path) -> None:
    aside.mkdir()
    for file in home.glob("carafe.db*"):
        file.rename(aside / file.name)


def test_nothing_is_written_to_a_database_that_was_taken_away(tmp_path: Path, home: Path, opened: Database) -> None:
    take_away(home, tmp_path / "aside")
    for _ in range(3):
        with pytest.raises(StorageUnavailable, match="unable to open database file"):
            raise_generation(opened)
        with pytest.raises(StorageUnavailable, match="unable to open database file"):
            generation(opened)
    assert not list(home.glob("carafe.db*")), "an empty database was begun in the place of the lost one"


def test_a_database_that_comes_back_is_used_again(tmp_path: Path, home: Path, opened: Database) -> None:
    take_away(home, tmp_path / "aside")
    with pytest.raises(StorageUnavailable):
        raise_generation(opened)
    for file in (tmp_path / "aside").iterdir():
        file.rename(home / file.name)
    raise_generation(opened)
    assert generation(opened) == 2


def test_a_database_that_was_replaced_is_followed_and_its_log_left_alone(
    tmp_path: Path, home: Path, opened: Database
) -> None:
    with sqlite3.connect(home / "carafe.db") as source, sqlite3.connect(tmp_path / "restored") as target:
        source.backup(target)
    source.close()
    target.execute("UPDATE home SET generation = 50")
    target.commit()
    target.close()
    take_away(home, tmp_path / "aside")
    shutil.copy(tmp_path / "restored", home / "carafe.db")
    follower = open_database(home)
    raise_generation(follower)
    log = (home / "carafe.db-wal").stat()
    assert generation(opened) == 51
    assert (home / "carafe.db-wal").stat().st_ino == log.st_ino, "another's write-ahead log was deleted"
    follower.close()
