"""Answers kept in a Redis that all workers share. One that is slow or gone holds nothing up and fails nothing."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import cast

import msgspec
from redis import Redis

from carafe.database.shared_redis import REST_SECONDS, TIME_OUT, SharedRedis
from carafe.serving.cache import Answer
from carafe.serving.observers import Observers

PREFIX = b"carafe:answer:"

_LOG = logging.getLogger("carafe.serving")
_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(tuple[int | float, tuple[float, ...] | None])


def open_shared(
    url: str, *, observers: Observers, time_out: float = TIME_OUT, clock: Callable[[], float] = time.monotonic
) -> SharedRedis:
    """Return the Redis at ``url``; the log and ``observers`` are told when it does not answer.

    Raises:
        InvalidSetting: when the URL can't be read.
    """

    def lost(error: Exception) -> None:
        _LOG.warning("the cache in Redis does not answer (%s); it is left alone for %g s", error, REST_SECONDS)
        observers.tell(lambda observer: observer.cache_lost(error))

    return SharedRedis(url, lost=lost, time_out=time_out, clock=clock)


class RedisAnswers:
    """Keeps answers for so many seconds at most; how many, its own memory limit says."""

    def __init__(self, shared: SharedRedis, *, seconds: int) -> None:
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
