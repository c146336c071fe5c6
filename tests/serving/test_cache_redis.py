"""A shared cache that is slow, gone or full of nonsense costs a request next to nothing, and never its answer."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis as redis_library

from carafe.database.shared_redis import REST_SECONDS, SharedRedis
from carafe.errors import InvalidSetting, MissingExtra
from carafe.serving.cache import CachedModel
from carafe.serving.cache_key import RowKeys
from carafe.serving.cache_redis import PREFIX, RedisAnswers, open_shared
from carafe.serving.caches import open_caches
from carafe.serving.observers import Observer, Observers
from carafe.settings import Settings
from carafe.testing.answer_cache import key
from serving.crowd import NUMBERS, Doubling, rows_of
from serving.own_redis import OwnRedis, own_redis

pytestmark = pytest.mark.needs("redis-server")


class Lost(Observer):
    def __init__(self) -> None:
        self.errors: list[Exception] = []

    def cache_lost(self, error: Exception) -> None:
        self.errors.append(error)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def running(tmp_path: Path) -> Iterator[OwnRedis]:
    with own_redis(tmp_path) as one:
        yield one


@pytest.fixture
def lost() -> Lost:
    return Lost()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def shared(running: OwnRedis, lost: Lost, clock: Clock) -> Iterator[SharedRedis]:
    found = open_shared(running.url, observers=Observers([lost]), time_out=0.25, clock=clock)
    yield found
    found.close()


def cached(shared: SharedRedis, model: Doubling) -> CachedModel:
    return CachedModel(
        model,
        version=("doubling", 1),
        cache=RedisAnswers(shared, seconds=60),
        keys=RowKeys(identity="v1", signature=NUMBERS, secret=b"secret"),
        observers=Observers(),
    )


def ask(model: CachedModel, number: float) -> tuple[list[float], float]:
    """Return the answer, and how long it took."""
    began = time.monotonic()
    answer = list(model.predict(rows_of(number)).listed_values)
    return answer, time.monotonic() - began


def test_workers_share_answers(shared: SharedRedis) -> None:
    one, other = Doubling(), Doubling()
    assert ask(cached(shared, one), 3.0)[0] == [6.0]
    assert ask(cached(shared, other), 3.0)[0] == [6.0]
    assert other.runs == []


def test_a_redis_that_stands_still_delays_one_request_a_little_and_is_then_left_alone(
    shared: SharedRedis, running: OwnRedis, lost: Lost, clock: Clock
) -> None:
    model = Doubling()
    asked = cached(shared, model)
    ask(asked, 1.0)
    running.pause()
    answer, seconds = ask(asked, 1.0)
    assert answer == [2.0]
    assert seconds < 1.5
    before = time.monotonic()
    assert [ask(asked, 1.0)[0] for _ in range(20)] == [[2.0]] * 20
    assert time.monotonic() - before < 1.0
    assert len(lost.errors) == 1
    running.go_on()
    clock.now += REST_SECONDS + 1
    runs = len(model.runs)
    ask(asked, 1.0)
    ask(asked, 1.0)
    assert len(model.runs) <= runs + 1
    assert len(lost.errors) == 1


def test_a_redis_that_is_gone_fails_no_request_and_is_found_again(
    shared: SharedRedis, running: OwnRedis, lost: Lost, clock: Clock
) -> None:
    model = Doubling()
    asked = cached(shared, model)
    running.stop()
    assert [ask(asked, 2.0)[0] for _ in range(5)] == [[4.0]] * 5
    assert len(lost.errors) == 1
    clock.now += REST_SECONDS + 1
    assert ask(asked, 2.0)[0] == [4.0]
    assert len(lost.errors) == 2
    running.start()
    clock.now += REST_SECONDS + 1
    ask(asked, 2.0)
    runs = len(model.runs)
    assert ask(asked, 2.0)[0] == [4.0]
    assert len(model.runs) == runs


def test_a_redis_that_was_never_there_fails_nothing(lost: Lost, running: OwnRedis) -> None:
    running.stop()
    shared = open_shared(running.url, observers=Observers([lost]))
    model = Doubling()
    assert ask(cached(shared, model), 2.0)[0] == [4.0]
    assert len(lost.errors) == 1
    running.start()


def test_of_many_requests_one_tries_again_after_the_rest(shared: SharedRedis, clock: Clock) -> None:
    def fail(_: object) -> None:
        tries.append(clock.now)
        raise redis_library.TimeoutError("late")

    tries: list[float] = []
    shared.ask(fail)
    for _ in range(10):
        clock.now += REST_SECONDS / 5
        for _ in range(4):
            shared.ask(fail)
    assert tries == [100.0, 100.0 + REST_SECONDS, 100.0 + 2 * REST_SECONDS]


@pytest.mark.parametrize("nonsense", [b"", b"\xff\xff", b"\x92\xa1a\xc0", b"{}", b"\x91\x01", b"\x80\x04."])
def test_what_is_no_answer_is_as_good_as_nothing(shared: SharedRedis, running: OwnRedis, nonsense: bytes) -> None:
    with redis_library.Redis(port=running.port) as client:
        client.set(PREFIX + key(1), nonsense)
    assert RedisAnswers(shared, seconds=60).find([key(1)]) == [None]


def test_redis_is_used_where_its_url_is_set(running: OwnRedis) -> None:
    settings = Settings(cache="houses=10:5", redis_url=running.url)
    cache = open_caches(settings, observers=Observers())["houses"]
    cache.keep({key(1): (1.0, None)})
    assert isinstance(cache, RedisAnswers)
    with redis_library.Redis(port=running.port) as client:
        assert client.keys() == [PREFIX + key(1)]
        assert 0 < client.ttl(PREFIX + key(1)) <= 5


def test_a_url_that_can_not_be_read_is_refused_without_showing_its_password(lost: Lost) -> None:
    with pytest.raises(InvalidSetting, match="CARAFE_REDIS_URL") as caught:
        open_shared("redis://:hunter2@localhost:port/0", observers=Observers([lost]))
    assert "hunter2" not in str(caught.value)


def test_a_missing_library_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "carafe.serving.cache_redis")
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(MissingExtra, match=r"carafe-serve\[redis\]"):
        open_caches(Settings(cache="houses", redis_url="redis://localhost"), observers=Observers())
