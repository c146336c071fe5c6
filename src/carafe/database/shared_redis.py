"""A Redis that processes share, and whether it is worth asking now: one that is slow or gone holds nothing up."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock
from typing import TypeVar

from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from carafe.errors import InvalidSetting

TIME_OUT = 0.025
"""Seconds that connecting, and each question, may take."""

REST_SECONDS = 5.0
"""For how long a Redis that failed or was late is left alone; then one request tries it again."""

T = TypeVar("T")


class SharedRedis:
    """A Redis that answers in time, or is left alone for a while. Safe to use from several threads.

    Raises:
        InvalidSetting: when the URL can't be read. It is not shown, as it may hold a password.
    """

    def __init__(
        self,
        url: str,
        *,
        lost: Callable[[Exception], None],
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
        self._tell_lost = lost
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
            self._rests_until = self._clock() + REST_SECONDS
            self._tell_lost(error)
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
