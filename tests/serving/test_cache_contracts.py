"""Every cache of answers keeps the contract that the package exports."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from carafe.serving.cache_memory import MemoryAnswers
from carafe.serving.cache_redis import RedisAnswers, open_shared
from carafe.serving.observers import Observers
from carafe.settings import CacheLimits
from carafe.testing import ANSWER_CACHE_CHECKS, check_answer_cache
from carafe.testing.answer_cache import SECONDS, MakeCache
from serving.own_redis import OwnRedis, own_redis


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[OwnRedis]:
    with own_redis(tmp_path) as running:
        yield running


@pytest.mark.parametrize("check", ANSWER_CACHE_CHECKS, ids=lambda check: check.__name__)
def test_memory_keeps_the_contract(check: Callable[[MakeCache], None]) -> None:
    check(lambda: MemoryAnswers(CacheLimits(seconds=SECONDS)))


@pytest.mark.needs("redis-server")
def test_redis_keeps_the_contract(redis: OwnRedis) -> None:
    shared = open_shared(redis.url, observers=Observers(), time_out=5.0)

    def fresh() -> RedisAnswers:
        shared.ask(lambda client: client.flushall())
        return RedisAnswers(shared, seconds=SECONDS)

    check_answer_cache(fresh)
    shared.close()


def test_a_cache_that_mixes_up_its_answers_is_found_out() -> None:
    class Sloppy(MemoryAnswers):
        def find(self, keys: object) -> list[object]:  # type: ignore[override]
            return list(reversed(super().find(keys)))  # type: ignore[arg-type]

    with pytest.raises(AssertionError):
        check_answer_cache(lambda: Sloppy(CacheLimits(seconds=SECONDS)))  # type: ignore[arg-type, return-value]
