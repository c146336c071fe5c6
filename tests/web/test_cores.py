from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carafe.web import cores
from carafe.web.cores import Cores, cores_of
from carafe.web.quota import has_quota
from web.servers import running


@given(st.integers(1, 40), st.integers(1, 70))
def test_every_core_is_used_and_shared_only_where_there_are_too_few(workers: int, count: int) -> None:
    available = list(range(100, 100 + count))
    given_out = [cores_of(turn, workers=workers, available=available) for turn in range(workers)]
    assert all(given_out)
    assert set().union(*given_out) == (set(available) if workers <= count else set(available[:workers]))
    if workers <= count:
        assert sum(map(len, given_out)) == count
        assert max(map(len, given_out)) - min(map(len, given_out)) <= 1


CORES = len(os.sched_getaffinity(0))


@pytest.mark.parametrize(
    ("told", "quota", "expected"),
    [
        (Cores(workers=CORES), False, CORES > 1),
        (Cores(workers=CORES), True, False),
        (Cores(workers=CORES, pin=False), False, False),
        (Cores(workers=CORES, pin=True), True, True),
        (Cores(workers=CORES + 1), False, False),
        (Cores(workers=1), False, False),
        (Cores(workers=1, pin=True), False, True),
    ],
    ids=["one a core", "a quota", "told not to", "told to", "too many", "one alone", "one told to"],
)
def test_workers_are_kept_apart_where_each_has_a_core_for_itself_unless_told_otherwise(
    monkeypatch: pytest.MonkeyPatch, told: Cores, *, quota: bool, expected: bool
) -> None:
    monkeypatch.setattr(cores, "has_quota", lambda: quota)
    assert told.pinned is expected


def test_a_worker_that_replaces_another_takes_its_cores(tmp_path: Path) -> None:
    own = cores_of(1, workers=2, available=sorted(os.sched_getaffinity(0)))
    with running("carafe", tmp_path, home=tmp_path / "home", extra=("--workers", "2", "--pin")) as server:
        before = server.workers
        second = next(worker for worker in before if _cores(worker) == own)
        os.kill(second, signal.SIGKILL)
        until = time.monotonic() + 30
        while time.monotonic() < until and own not in map(_cores, server.workers - before):
            time.sleep(0.05)
        assert [_cores(worker) for worker in server.workers - before] == [own]


def _cores(worker: int) -> set[int]:
    """Return the cores that a process keeps to; none where it has ended."""
    try:
        return os.sched_getaffinity(worker)
    except ProcessLookupError:
        return set()


def test_libraries_get_a_workers_share_of_the_threads() -> None:
    program = (
        "import os, numpy, threadpoolctl\n"
        "from carafe.web.cores import Cores\n"
        "cores = Cores(workers=len(os.sched_getaffinity(0)))\n"
        "cores.take()\n"
        "blas = [pool['num_threads'] for pool in threadpoolctl.threadpool_info() if pool['user_api'] == 'blas']\n"
        "import sklearn.ensemble\n"
        "openmp = [pool['num_threads'] for pool in threadpoolctl.threadpool_info() if pool['user_api'] == 'openmp']\n"
        "print(cores.share, set(blas), set(openmp))\n"
    )
    environ = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    done = subprocess.run([sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[0] == "1 {1} {1}"


def test_what_the_operator_has_set_stays() -> None:
    program = (
        "import os; from carafe.web.cores import Cores; Cores(workers=1).take(); print(os.environ['OMP_NUM_THREADS'])"
    )
    environ = os.environ | {"OMP_NUM_THREADS": "7"}
    done = subprocess.run([sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "7"


@pytest.mark.parametrize("flags", [("--pin",), ("--no-pin",), ()], ids=["told to", "told not to", "by itself"])
def test_workers_stay_on_cores_of_their_own_where_they_are_to(tmp_path: Path, flags: tuple[str, ...]) -> None:
    available = sorted(os.sched_getaffinity(0))
    with running("carafe", tmp_path, home=tmp_path / "home", extra=("--workers", "2", *flags)) as server:
        found = [sorted(os.sched_getaffinity(worker)) for worker in server.workers]
    pinned = flags == ("--pin",) or (not flags and CORES == 2 and not has_quota())
    own = [sorted(cores_of(turn, workers=2, available=available)) for turn in range(2)]
    assert sorted(found) == (sorted(own) if pinned else [available] * 2)
