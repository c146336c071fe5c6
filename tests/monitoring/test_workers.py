from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from carafe.monitoring import workers as room
from carafe.monitoring.figures import LOADED, REQUESTS
from carafe.monitoring.process import identity, runs
from carafe.monitoring.snapshot import Snapshot
from carafe.monitoring.workers import Workers, server_folder

LABELS = ("GET", "/models", "200")
SERIES = ("carafe_http_requests_total", LABELS)


def snapshot(worker: str, requests: float) -> Snapshot:
    made = Snapshot(worker=worker)
    made.count(REQUESTS, LABELS, requests)
    made.gauge(LOADED, ("houses", "1"), 1)
    made.spread(LOADED, (), (requests, 1))
    return made


@pytest.fixture
def workers(tmp_path: Path) -> Workers:
    found = Workers(tmp_path / "base" / "server")
    found.join()
    return found


def test_counts_of_all_workers_are_added_and_gauges_only_of_those_that_run(workers: Workers) -> None:
    workers.write(snapshot("999999999-1", 5))  # no process has this number
    own = snapshot(identity(), 3)
    together = workers.together(own)
    assert together.counters[SERIES] == 8
    assert together.gauges["carafe_loaded_versions", ("houses", "1")] == 1
    assert together.spreads["carafe_loaded_versions", ()] == [8, 2]


def test_a_worker_is_told_as_of_now_whatever_it_wrote(workers: Workers) -> None:
    workers.write(snapshot(identity(), 3))
    assert workers.together(snapshot(identity(), 4)).counters[SERIES] == 4


def test_what_ended_workers_counted_is_gathered_in_one_file(workers: Workers, tmp_path: Path) -> None:
    for number in range(1, 4):
        workers.write(snapshot(f"99999999{number}-1", number))
    workers.join()
    workers.join()
    left = {path.name for path in (tmp_path / "base" / "server").iterdir()}
    assert left == {"gone", "lock"}
    assert workers.together(snapshot(identity(), 1)).counters[SERIES] == 7


def test_a_worker_is_not_counted_twice_while_it_is_gathered(workers: Workers, tmp_path: Path) -> None:
    workers.write(snapshot("999999999-1", 5))
    path = tmp_path / "base" / "server" / "999999999-1.worker"
    content = path.read_bytes()
    workers.join()
    path.write_bytes(content)  # as a reader sees it that listed the folder a moment before
    assert workers.together(snapshot(identity(), 1)).counters[SERIES] == 6


def test_another_process_of_the_same_number_is_not_the_one_that_ended() -> None:
    assert runs(identity())
    assert not runs(f"{os.getpid()}-1")
    assert not runs("gone")
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        name = identity(other.pid)
        assert runs(name)
        other.communicate(b"\n")
    assert not runs(name)
    assert identity(other.pid) == ""


def test_a_file_that_is_no_snapshot_is_passed_over(workers: Workers, tmp_path: Path) -> None:
    (tmp_path / "base" / "server" / "1-1.worker").write_bytes(b"\x00garbage")
    (tmp_path / "base" / "server" / "gone").write_bytes(b"{")
    assert workers.together(snapshot(identity(), 1)).counters[SERIES] == 1


def test_a_folder_that_was_tidied_away_is_made_again(workers: Workers, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "base")
    assert workers.together(snapshot(identity(), 1)).counters[SERIES] == 1
    workers.write(snapshot(identity(), 3))
    (path,) = (tmp_path / "base" / "server").glob("*.worker")
    assert path.name.startswith(f"{os.getpid()}-")


def test_files_are_this_users_alone(workers: Workers, tmp_path: Path) -> None:
    workers.write(snapshot(identity(), 1))
    for folder in (tmp_path / "base", tmp_path / "base" / "server"):
        assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("trap", ["open", "link", "file"])
def test_a_folder_that_somebody_else_prepared_is_refused(trap: str, tmp_path: Path) -> None:
    base = tmp_path / "base"
    if trap == "open":
        base.mkdir()
        base.chmod(0o777)
    elif trap == "link":
        base.symlink_to(tmp_path)
    else:
        base.touch()
    with pytest.raises(PermissionError, match="not a folder of this user alone"):
        Workers(base / "server").join()


def test_what_a_server_left_long_ago_is_removed(workers: Workers, tmp_path: Path) -> None:
    old = tmp_path / "base" / "old"
    old.mkdir()
    (old / "1-1.worker").touch()
    long_ago = time.time() - room.STALE_SECONDS - 60
    os.utime(old / "1-1.worker", (long_ago, long_ago))
    os.utime(old, (long_ago, long_ago))
    workers.join()
    assert not old.exists()
    assert (tmp_path / "base" / "server").exists()


def test_a_servers_workers_meet_and_other_servers_do_not(tmp_path: Path) -> None:
    mine = server_folder(tmp_path)
    assert server_folder(tmp_path) == mine
    assert server_folder(tmp_path / "other") != mine
    assert server_folder(tmp_path, parent=os.getpid()) != mine
    assert server_folder(tmp_path, instance=1) != mine
