from __future__ import annotations

import errno
import os
import stat
import zipfile
from functools import partial
from io import BytesIO
from pathlib import Path

import pytest

from carafe.errors import OutputUnavailable
from carafe.registry.new_file import new_file as new_zip

FIRST = ("bundle.json", "first/")
new_file = partial(new_zip, first=FIRST)


def older(name: str = "bundle.json") -> bytes:
    """Return a zip whose first member has a name."""
    content = BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(name, "older")
    return content.getvalue()


def test_a_file_appears_whole_and_is_its_owners_alone(tmp_path: Path) -> None:
    file = tmp_path / "export"
    with new_file(file) as stream:
        stream.write(b"all of it")
        stream.seek(0)
        assert stream.read(3) == b"all"
        assert not file.exists()
    assert file.read_bytes() == b"all of it"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["export"]


def test_what_fails_half_way_leaves_what_was_there(tmp_path: Path) -> None:
    file = tmp_path / "export"
    file.write_bytes(older())
    with pytest.raises(ZeroDivisionError), new_file(file) as stream:  # noqa: PT012 - it fails after a part
        stream.write(b"a part")
        raise ZeroDivisionError
    assert file.read_bytes() == older()
    assert [one.name for one in tmp_path.iterdir()] == ["export"]


@pytest.mark.parametrize(
    ("place", "advice"),
    [
        ("nowhere/export", "make the folder first"),
        ("file/export", "should be its folder is a file"),
        ("folder", "name a file in it"),
        ("n" * 256, "choose a shorter name"),
    ],
)
def test_a_place_where_nothing_can_be_written_is_refused_with_what_to_do(
    tmp_path: Path, place: str, advice: str
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder" / "inside").mkdir(parents=True)
    with pytest.raises(OutputUnavailable, match=advice), new_file(tmp_path / place) as stream:
        stream.write(b"all of it")


def test_an_older_one_and_an_empty_file_are_replaced(tmp_path: Path) -> None:
    for content in (older(), older("first/of many"), b""):
        file = tmp_path / "export"
        file.write_bytes(content)
        with new_file(file) as stream:
            stream.write(b"newer")
        assert file.read_bytes() == b"newer"


def test_what_is_something_else_is_never_replaced(tmp_path: Path) -> None:
    names = {
        "carafe.db": b"SQLite format 3\0",
        "secret.key": bytes(range(32)),
        "notes.txt": b"PK",
        "book.xlsx": older("[Content_Types].xml"),
        "other.zip": older("a bundle.json"),
    }
    for name, content in names.items():
        (tmp_path / name).write_bytes(content)
    os.mkfifo(tmp_path / "pipe")
    for name in (*names, "pipe"):
        with pytest.raises(OutputUnavailable, match="is there already"), new_file(tmp_path / name):
            raise AssertionError
    assert {name: (tmp_path / name).read_bytes() for name in names} == names
    assert len(list(tmp_path.iterdir())) == len(names) + 1


def test_a_name_may_be_as_long_as_the_disk_takes(tmp_path: Path) -> None:
    file = tmp_path / ("n" * 255)
    with new_file(file) as stream:
        stream.write(b"all of it")
    assert file.read_bytes() == b"all of it"


def test_a_file_of_which_only_the_name_may_be_forgotten_is_said_to_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(_folder: Path) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("carafe.registry.new_file.flush_folder", failing)
    file = tmp_path / "export"
    with pytest.raises(OutputUnavailable, match="is written, but the disk"), new_file(file) as stream:
        stream.write(b"all of it")
    assert file.read_bytes() == b"all of it"
    assert [one.name for one in tmp_path.iterdir()] == ["export"]
