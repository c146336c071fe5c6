"""The limiter that the settings ask for."""

from __future__ import annotations

from carafe.access.limiter import Limiter
from carafe.access.limiter_file import FileLimiter
from carafe.access.rate import Rate
from carafe.errors import InvalidParameter, InvalidSetting, MissingExtra
from carafe.settings import Settings


def default_rate(settings: Settings) -> Rate | None:
    """Return how much a key without a limit of its own may ask; None for no limit.

    Raises:
        InvalidSetting: when the setting can't be read.
    """
    if settings.rate_limit is None:
        return None
    try:
        return Rate.parse(settings.rate_limit)
    except InvalidParameter as error:
        raise InvalidSetting(f"rate_limit (CARAFE_RATE_LIMIT): {error}") from error


def open_limiter(settings: Settings) -> Limiter:
    """Return what counts requests: in Redis for all machines that share one, in the home for all workers of this one.

    Raises:
        InvalidSetting: when the address of the Redis can't be read.
        MissingExtra: when the library that speaks to Redis is not installed.
    """
    own = FileLimiter(settings.home)
    if settings.redis_url is None:
        return own
    try:
        from carafe.access.limiter_redis import RedisLimiter  # noqa: PLC0415 - only where one is configured
    except ImportError as error:
        raise MissingExtra.of("a limit in Redis", error) from error
    return RedisLimiter(settings.redis_url, instead=own)
