"""The caches that the settings ask for."""

from __future__ import annotations

from collections.abc import Mapping

from carafe.errors import MissingExtra
from carafe.serving.cache import AnswerCache
from carafe.serving.cache_memory import MemoryAnswers
from carafe.serving.observers import Observers
from carafe.settings import Settings


def open_caches(settings: Settings, *, observers: Observers) -> Mapping[str, AnswerCache]:
    """Return the cache of each model whose answers are kept, by the model's name; in Redis where there is one.

    Raises:
        InvalidSetting: when the address of the Redis can't be read.
        MissingExtra: when the library that speaks to Redis is not installed.
    """
    limits = settings.cached_models()
    if not limits or settings.redis_url is None:
        return {name: MemoryAnswers(limit) for name, limit in limits.items()}
    try:
        from carafe.serving.cache_redis import RedisAnswers, open_shared  # noqa: PLC0415 - only where one is configured
    except ImportError as error:
        raise MissingExtra.of("a cache in Redis", error) from error
    shared = open_shared(settings.redis_url, observers=observers)
    return {name: RedisAnswers(shared, seconds=limit.seconds) for name, limit in limits.items()}


def check_caches(settings: Settings) -> None:
    """Open the caches once and let go of them, so that a server says what is wrong before its workers can't start.

    Raises:
        InvalidSetting, MissingExtra: as ``open_caches``.
    """
    open_caches(settings, observers=Observers())
