"""How each loaded version is asked: what it costs decides about batches, the settings about a cache."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Semaphore

from carafe.models import Model
from carafe.registry import Registry, Version
from carafe.serving.batcher import Batcher
from carafe.serving.cache import AnswerCache, CachedModel
from carafe.serving.cache_key import RowKeys
from carafe.serving.caches import open_caches
from carafe.serving.costs import SLOW, measure
from carafe.serving.guarded import GuardedModel
from carafe.serving.observers import Observers
from carafe.serving.refusals import Refusals
from carafe.serving.served import Served
from carafe.serving.turnstile import Turnstile
from carafe.settings import Settings

LEAST_AT_ONCE = 2
"""How many requests a slow model is asked by at once, at least: one may wait for a disk or a lock."""

QUEUE = 64
"""How many requests may wait for their turn where nobody says: a longer queue would only make every answer late."""

_LOG = logging.getLogger("carafe.serving")


def plainly(version: Version, model: Model) -> Served:
    """Let every request ask the model itself."""
    return Served(name=version.name, number=version.number, manifest=version.manifest, model=model)


def most_waiting(settings: Settings) -> int:
    """Return how many requests may wait for models in one process: three quarters of its threads."""
    return max(1, settings.threads * 3 // 4)


def turns(settings: Settings) -> int:
    """Return how many requests may wait where each takes its turn alone."""
    return settings.queue_limit or QUEUE


def company(settings: Settings) -> int:
    """Return how many requests may wait to share a run: enough for a full one."""
    return settings.queue_limit or max(QUEUE, settings.batch_rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrangement:
    """Puts a batcher around models that profit from one, and a cache around those whose answers are to be kept."""

    settings: Settings
    observers: Observers
    caches: Mapping[str, AnswerCache]
    secret: bytes
    """Known to the home alone; see RowKeys."""
    places: Semaphore
    """For requests that wait for a model, whichever: the other threads are free for those that wait for none."""

    @classmethod
    def of(cls, settings: Settings, *, registry: Registry, observers: Observers) -> Arrangement:
        """Return the arrangement that the settings ask for.

        Raises:
            InvalidSetting, MissingExtra: when a shared cache is asked for and can't be had.
        """
        caches = open_caches(settings, observers=observers)
        places = Semaphore(most_waiting(settings))
        return cls(settings=settings, observers=observers, caches=caches, secret=registry.key, places=places)

    def __call__(self, version: Version, model: Model) -> Served:
        """Measure a loaded model, and return how it is served."""
        costs = measure(model)
        batched = costs is not None and costs.favour_batches
        cache = self.caches.get(version.name)
        asked = model
        if batched:
            asked = self._batched(version, model)
        elif costs is None or costs.alone >= SLOW:
            asked = self._guarded(version, model)
        if cache is not None:
            asked = self._cached(version, asked, cache)
        _LOG.info("%s: %s", version, costs or "not measured")
        return Served(
            name=version.name,
            number=version.number,
            manifest=version.manifest,
            model=asked,
            costs=costs,
            batched=batched,
            cached=cache is not None,
            alone=model,
        )

    def _batched(self, version: Version, model: Model) -> Batcher:
        return Batcher(
            model,
            version=(version.name, version.number),
            batch_rows=self.settings.batch_rows,
            queue_limit=company(self.settings),
            wait_seconds=self.settings.wait_seconds,
            observers=self.observers,
            places=self.places,
        )

    def _guarded(self, version: Version, model: Model) -> GuardedModel:
        settings, limit = self.settings, turns(self.settings)
        turnstile = Turnstile(
            most=max(LEAST_AT_ONCE, len(os.sched_getaffinity(0)) // settings.workers),
            waiting=limit,
            seconds=settings.wait_seconds,
            places=self.places,
        )
        return GuardedModel(
            model,
            turnstile=turnstile,
            limit=limit,
            large=settings.batch_rows,
            refusals=Refusals(version=(version.name, version.number), observers=self.observers),
        )

    def _cached(self, version: Version, model: Model, cache: AnswerCache) -> CachedModel:
        return CachedModel(
            model,
            version=(version.name, version.number),
            cache=cache,
            keys=RowKeys(identity=version.digest, signature=model.signature, secret=self.secret),
            observers=self.observers,
        )
