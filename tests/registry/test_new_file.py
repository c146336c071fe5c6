from __future__ import annotations

import stat
from pathlib import Path

import pytest

from carafe.errors import OutputUnavailable
from carafe.registry.new_file import new_file


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
    file.write_bytes(b"older")
    with pytest.raises(ZeroDivisionError), new_file(file) as stream:  # noqa: PT012 - it fails after a part
        stream.write(b"a part")
        raise ZeroDivisionError
    assert file.read_bytes() == b"older"
    assert [one.name for one in tmp_path.iterdir()] == ["export"]


@pytest.mark.parametrize(
    ("place", "advice"),
    [
        ("nowhere/export", "make the folder first"),
        ("file/export", "should be its folder is a file"),
        ("folder", "name a file in it"),
    ],
)
def test_a_place_where_nothing_can_be_written_is_refused_with_what_to_do(
    tmp_path: Path, place: str, advice: str
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder" / "inside").mkdir(parents=True)
    with pytest.raises(OutputUnavailable, match=advice), new_file(tmp_path / place) as stream:
        stream.write(b"all of it")
