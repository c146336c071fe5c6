"""Answers kept in a Redis that all workers share. One that is slow or gone holds nothing up and fails nothing."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from threading import Lock
from typing import TypeVar, cast

import msgspec
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from carafe.errors import InvalidSetting
from carafe.serving.cache import Answer
from carafe.serving.observers import Observers

PREFIX = b"carafe:answer:"

TIME_OUT = 0.025
"""Seconds that connecting, and each question, may take: a model that is worth a cache takes longer."""

REST_SECONDS = 5.0
"""For how long a Redis that failed or was late is left alone; then one request tries it again."""

T = TypeVar("T")

_LOG = logging.getLogger("carafe.serving")
_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(tuple[int | float, tuple[float, ...] | None])


class Shared:
    """A Redis, and whether it is worth asking now.

    Raises:
        InvalidSetting: when the URL can't be read. It is not shown, as it may hold a password.
    """

    def __init__(
        self,
        url: str,
        *,
        observers: Observers,
        time_out: float = TIME_OUT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        try:
            self._redis = Redis.from_url(
                url,
                socket_timeout=time_out,
                socket_connect_timeout=time_out,
                retry=Retry(NoBackoff(), 0),
                decode_responses=False,
            )
        except ValueError as error:
            raise InvalidSetting("redis_url (CARAFE_REDIS_URL): expected redis://host:6379/0 or the like") from error
        self._observers = observers
        self._clock = clock
        self._lock = Lock()
        self._rests_until = 0.0

    def ask(self, question: Callable[[Redis], T]) -> T | None:
        """Return what Redis says to a question, or None where it does not answer in time or is left alone."""
        if self._rests_until and not self._may_try():
            return None
        try:
            answer = question(self._redis)
        except (RedisError, OSError) as error:
            self._lost(error)
            return None
        self._rests_until = 0.0
        return answer

    def close(self) -> None:
        """Let go of the connections."""
        self._redis.close()

    def _may_try(self) -> bool:
        """Let one request try again after the rest; the others go on without."""
        with self._lock:
            now = self._clock()
            if now < self._rests_until:
                return False
            self._rests_until = now + REST_SECONDS
            return True

    def _lost(self, error: Exception) -> None:
        self._rests_until = self._clock() + REST_SECONDS
        _LOG.warning("the cache in Redis does not answer (%s); it is left alone for %g s", error, REST_SECONDS)
        self._observers.tell(lambda observer: observer.cache_lost(error))


class RedisAnswers:
    """Keeps answers for so many seconds at most; how many, its own memory limit says."""

    def __init__(self, shared: Shared, *, seconds: int) -> None:
        self._shared = shared
        self._seconds = seconds

    def find(self, keys: Sequence[bytes]) -> list[Answer | None]:
        """Return the answer kept under each key, None where there is none."""
        names = [PREFIX + key for key in keys]
        found = self._shared.ask(lambda redis: cast("Iterable[bytes | None]", redis.mget(names)))
        return [None] * len(keys) if found is None else [_decoded(content) for content in found]

    def keep(self, answers: Mapping[bytes, Answer]) -> None:
        """Keep answers, in place of those under the same keys."""

        def put(redis: Redis) -> None:
            pipeline = redis.pipeline(transaction=False)
            for key, answer in answers.items():
                pipeline.set(PREFIX + key, _ENCODER.encode(answer), ex=self._seconds)
            pipeline.execute()

        self._shared.ask(put)


def _decoded(content: bytes | None) -> Answer | None:
    """Return an answer that Redis kept; what is none, whoever put it there, is as good as nothing."""
    if content is None:
        return None
    try:
        return _DECODER.decode(content)
    except msgspec.MsgspecError:
        return None
