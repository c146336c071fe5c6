"""What callers asked lately, in a Redis: the same for all machines that share it."""

from __future__ import annotations

import logging
from typing import cast

from redis import Redis

from carafe.access.limiter import Limiter
from carafe.access.rate import Rate
from carafe.database.shared_redis import REST_SECONDS, TIME_OUT, SharedRedis

PREFIX = "carafe:limit:"

_MICROSECONDS = 1_000_000
_LOG = logging.getLogger("carafe.access")

_TAKE = """
local most, length = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local moment = time[1] * 1000000 + time[2]
local kept = redis.call('HMGET', KEYS[1], 'began', 'before', 'now')
local began, before, now = tonumber(kept[1] or 0), tonumber(kept[2] or 0), tonumber(kept[3] or 0)
local passed = math.floor((moment - began) / length)
if passed == 1 then
  began, before, now = began + length, now, 0
elseif passed ~= 0 then
  began, before, now = moment, 0, 0
end
if before * (length - (moment - began)) / length + now < most then
  redis.call('HSET', KEYS[1], 'began', string.format('%.0f', began), 'before', before, 'now', now + 1)
  redis.call('PEXPIRE', KEYS[1], math.ceil(length / 500))
  return 0
end
local free
if most > now then
  free = began + length * (1 - (most - now) / before)
else
  free = began + length * (2 - most / now)
end
return math.max(math.ceil(free - moment), 1)
"""
"""``carafe.access.window.take`` in Redis, where nothing comes between its lines. In microseconds of Redis's own clock;
the key is forgotten after two lengths."""


class RedisLimiter:
    """A Limiter for several machines. While the Redis does not answer, ``instead`` counts for this machine alone.

    Raises:
        InvalidSetting: when the URL can't be read.
    """

    def __init__(self, url: str, *, instead: Limiter, time_out: float = TIME_OUT) -> None:
        self._shared = SharedRedis(url, lost=_told, time_out=time_out)
        self._instead = instead

    def take(self, caller: str, rate: Rate) -> float:
        """Let one request of a caller through, if the limit has room for it."""

        def ask(redis: Redis) -> int:
            return cast("int", redis.eval(_TAKE, 1, PREFIX + caller, rate.requests, rate.seconds * _MICROSECONDS))

        wait = self._shared.ask(ask)
        return self._instead.take(caller, rate) if wait is None else wait / _MICROSECONDS

    def close(self) -> None:
        """Let go of the connections and of the limiter behind."""
        self._shared.close()
        self._instead.close()


def _told(error: Exception) -> None:
    _LOG.warning("the limits in Redis can't be asked (%s): this machine counts alone for %g s", error, REST_SECONDS)
