"""Every limiter keeps the contract; those that share a place count together."""

from __future__ import annotations

import fcntl
import logging
import multiprocessing
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from carafe.access import Rate, limiter_file, open_limiter
from carafe.access.limiter_file import FILE, FileLimiter
from carafe.access.limiter_memory import MemoryLimiter
from carafe.access.limiter_redis import RedisLimiter
from carafe.settings import Settings
from carafe.testing import LIMITER_CHECKS, check_limiter
from carafe.testing.limiter import MakeLimiter
from serving.own_redis import OwnRedis, own_redis

RATE = Rate(requests=50, seconds=3600)

each = pytest.mark.parametrize("check", LIMITER_CHECKS, ids=lambda check: check.__name__)


@each
def test_the_limiter_in_memory_keeps_the_contract(check: Callable[[MakeLimiter], None]) -> None:
    check(MemoryLimiter)


@each
def test_the_limiter_in_a_file_keeps_the_contract(check: Callable[[MakeLimiter], None], tmp_path: Path) -> None:
    check(lambda: FileLimiter(tmp_path))


def test_the_whole_suite_runs_in_one_call() -> None:
    check_limiter(MemoryLimiter)


def take_all(home: Path, times: int) -> int:
    limiter = FileLimiter(home)
    return sum(limiter.take("ann", RATE) == 0 for _ in range(times))


def test_processes_that_share_a_home_share_its_limits(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        passed = pool.starmap(take_all, [(tmp_path, 40)] * 3)
    assert sum(passed) == 50


def test_a_restart_forgives_nothing(tmp_path: Path) -> None:
    assert take_all(tmp_path, 60) == 50
    assert take_all(tmp_path, 60) == 0


def test_neither_does_a_start_of_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert take_all(tmp_path, 60) == 50
    started = time.monotonic_ns() - 10**9  # a clock that began again a second ago
    boot = tmp_path / "boot"
    boot.write_text("another-start")
    monkeypatch.setattr(limiter_file, "_BOOT", boot)
    clock = time.monotonic_ns
    monkeypatch.setattr(time, "monotonic_ns", lambda: clock() - started)
    assert take_all(tmp_path, 60) == 0


def test_the_file_is_closed_to_other_accounts_and_small(tmp_path: Path) -> None:
    take_all(tmp_path, 1)
    status = (tmp_path / FILE).stat()
    assert oct(status.st_mode & 0o777) == "0o600"
    assert status.st_size < 600_000


@pytest.mark.parametrize("content", [b"", b"x", b"nonsense" * 1000, b"carafe\x00\x02" + b"\0" * 5000])
def test_a_file_that_is_none_is_made_anew(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    assert take_all(tmp_path, 60) == 50


def test_a_new_caller_takes_the_place_of_the_one_who_rested_longest(tmp_path: Path) -> None:
    limiter = FileLimiter(tmp_path)
    for caller in range(9000):
        limiter.take(f"caller {caller}", Rate(requests=1, seconds=3600))
    last = [limiter.take(f"caller {caller}", Rate(requests=1, seconds=3600)) for caller in range(8900, 9000)]
    assert sum(wait > 0 for wait in last) >= 95


def test_where_the_home_can_not_be_written_each_process_counts_for_itself(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    limiter = FileLimiter(tmp_path / "nowhere")
    with caplog.at_level(logging.WARNING, logger="carafe.access"):
        assert sum(limiter.take("ann", RATE) == 0 for _ in range(60)) == 50
    assert len(caplog.records) == 1
    (tmp_path / "nowhere").mkdir()
    assert limiter.take("ann", RATE) == 0
    assert (tmp_path / "nowhere" / FILE).exists()


def test_a_process_that_dies_while_it_counts_leaves_no_lock(tmp_path: Path) -> None:
    take_all(tmp_path, 1)
    child = os.fork()
    if not child:
        limiter = FileLimiter(tmp_path)
        limiter.take("bob", RATE)
        fcntl.lockf(limiter._descriptor or 0, fcntl.LOCK_EX)  # noqa: SLF001
        os._exit(1)
    os.waitpid(child, 0)
    assert take_all(tmp_path, 60) == 49


# --- in Redis ---


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[OwnRedis]:
    with own_redis(tmp_path) as running:
        yield running


@pytest.mark.needs("redis-server")
@each
def test_the_limiter_in_redis_keeps_the_contract(check: Callable[[MakeLimiter], None], redis: OwnRedis) -> None:
    check(lambda: RedisLimiter(redis.url, instead=MemoryLimiter(), time_out=5))


@pytest.mark.needs("redis-server")
def test_machines_that_share_a_redis_share_its_limits(redis: OwnRedis, tmp_path: Path) -> None:
    machines = [open_limiter(Settings(home=tmp_path / name, redis_url=redis.url)) for name in ("one", "other")]
    assert sum(machine.take("ann", RATE) == 0 for _ in range(40) for machine in machines) == 50
    for machine in machines:
        machine.close()


def test_without_its_redis_a_machine_counts_alone(tmp_path: Path) -> None:
    limiter = open_limiter(Settings(home=tmp_path, redis_url="redis://127.0.0.1:1/0"))
    assert sum(limiter.take("ann", RATE) == 0 for _ in range(60)) == 50
    assert take_all(tmp_path, 1) == 0
