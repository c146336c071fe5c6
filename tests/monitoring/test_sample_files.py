from __future__ import annotations

import os
import resource
from pathlib import Path

import pytest

from carafe.monitoring.sample_files import SampleFiles

LINE = b'{"a": 1}\n'


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def kept(folder: Path) -> list[Path]:
    return sorted(folder.glob("*/*/*.jsonl"))


def test_lines_come_back_in_order(tmp_path: Path, clock: Clock) -> None:
    files = SampleFiles(tmp_path / "samples", max_bytes=1000, max_days=1, clock=clock)
    files.append("houses", 1, b"1\n2\n")
    files.append("houses", 2, b"other\n")
    files.append("houses", 1, b"3\n")
    assert list(files.lines("houses", 1)) == [b"1\n", b"2\n", b"3\n"]
    assert list(files.lines("nobody", 1)) == []


def test_only_the_owner_may_read_them(tmp_path: Path, clock: Clock) -> None:
    umask = os.umask(0)
    try:
        SampleFiles(tmp_path / "samples", max_bytes=1000, max_days=1, clock=clock).append("houses", 1, LINE)
    finally:
        os.umask(umask)
    (path,) = kept(tmp_path / "samples")
    assert path.stat().st_mode & 0o777 == 0o600
    for folder in (path.parent, path.parent.parent, tmp_path / "samples"):
        assert folder.stat().st_mode & 0o777 == 0o700


def test_a_version_never_holds_more_than_it_may(tmp_path: Path, clock: Clock) -> None:
    files = SampleFiles(tmp_path / "samples", max_bytes=1000, max_days=1, clock=clock)
    for number in range(500):
        clock.now += 1
        files.append("houses", 1, b"%06d\n" % number)
        assert sum(path.stat().st_size for path in kept(tmp_path / "samples")) <= 1000
    lines = list(files.lines("houses", 1))
    assert lines[-1] == b"000499\n"
    assert lines == sorted(lines)
    assert len(lines) > 100


def test_two_workers_together_hold_no_more_either(tmp_path: Path, clock: Clock) -> None:
    pair = [SampleFiles(tmp_path / "samples", max_bytes=1000, max_days=1, clock=clock) for _ in range(2)]
    for number in range(300):
        clock.now += 1
        pair[number % 2].append("houses", 1, b"%06d\n" % number)
    assert sum(path.stat().st_size for path in kept(tmp_path / "samples")) <= 1000


def test_what_is_too_old_goes_whosever_it_was(tmp_path: Path, clock: Clock) -> None:
    files = SampleFiles(tmp_path / "samples", max_bytes=1000, max_days=2, clock=clock)
    files.append("houses", 1, LINE)
    files.append("gone", 7, LINE)
    for path in kept(tmp_path / "samples"):
        os.utime(path, (clock.now, clock.now))
    files.expire()
    assert len(kept(tmp_path / "samples")) == 2
    clock.now += 2 * 86400 + 1
    files.expire()
    assert kept(tmp_path / "samples") == []
    files.append("houses", 1, LINE)
    assert list(files.lines("houses", 1)) == [LINE]


def test_nothing_is_written_behind_a_line_that_was_cut_short(tmp_path: Path, clock: Clock) -> None:
    files = SampleFiles(tmp_path / "samples", max_bytes=1000, max_days=1, clock=clock)
    files.append("houses", 1, LINE)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(LINE) + 3, hard))  # as on a disk with room for three bytes more
    try:
        with pytest.raises(OSError, match="too large"):
            files.append("houses", 1, LINE)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    clock.now += 1
    files.append("houses", 1, LINE)
    assert list(files.lines("houses", 1)) == [LINE, LINE[:3], LINE]


def test_a_link_is_not_followed(tmp_path: Path, clock: Clock) -> None:
    files = SampleFiles(tmp_path / "samples", max_bytes=1000, max_days=1, clock=clock)
    files.append("houses", 1, LINE)
    (path,) = kept(tmp_path / "samples")
    path.unlink()
    (tmp_path / "elsewhere").write_bytes(b"")
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic link"):
        files.append("houses", 1, LINE)
    assert (tmp_path / "elsewhere").read_bytes() == b""


def test_a_home_that_was_moved_away_is_not_made_anew(tmp_path: Path, clock: Clock) -> None:
    home = tmp_path / "home"
    files = SampleFiles(home / "samples", max_bytes=1000, max_days=1, clock=clock)
    with pytest.raises(FileNotFoundError):
        files.append("houses", 1, LINE)
    assert not home.exists()
    home.mkdir()
    files.append("houses", 1, LINE)
    assert len(kept(home / "samples")) == 1
