"""How each loaded version is asked: what it costs decides about batches, the settings about a cache."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from carafe.models import Model
from carafe.registry import Registry, Version
from carafe.serving.batcher import Batcher
from carafe.serving.cache import AnswerCache, CachedModel
from carafe.serving.cache_key import RowKeys
from carafe.serving.caches import open_caches
from carafe.serving.costs import measure
from carafe.serving.observers import Observers
from carafe.serving.served import Served
from carafe.settings import Settings

_LOG = logging.getLogger("carafe.serving")


def plainly(version: Version, model: Model) -> Served:
    """Let every request ask the model itself."""
    return Served(name=version.name, number=version.number, manifest=version.manifest, model=model)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrangement:
    """Puts a batcher around models that profit from one, and a cache around those whose answers are to be kept."""

    settings: Settings
    observers: Observers
    caches: Mapping[str, AnswerCache]
    secret: bytes
    """Known to the home alone; see RowKeys."""

    @classmethod
    def of(cls, settings: Settings, *, registry: Registry, observers: Observers) -> Arrangement:
        """Return the arrangement that the settings ask for.

        Raises:
            InvalidSetting, MissingExtra: when a shared cache is asked for and can't be had.
        """
        caches = open_caches(settings, observers=observers)
        return cls(settings=settings, observers=observers, caches=caches, secret=registry.key)

    def __call__(self, version: Version, model: Model) -> Served:
        """Measure a loaded model, and return how it is served."""
        costs = measure(model)
        batched = costs is not None and costs.favour_batches
        cache = self.caches.get(version.name)
        asked: Model = self._batched(version, model) if batched else model
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
        )

    def _batched(self, version: Version, model: Model) -> Batcher:
        return Batcher(
            model,
            version=(version.name, version.number),
            batch_rows=self.settings.batch_rows,
            queue_limit=self.settings.queue_limit,
            wait_seconds=self.settings.wait_seconds,
            observers=self.observers,
        )

    def _cached(self, version: Version, model: Model, cache: AnswerCache) -> CachedModel:
        return CachedModel(
            model,
            version=(version.name, version.number),
            cache=cache,
            keys=RowKeys(identity=version.digest, signature=model.signature, secret=self.secret),
            observers=self.observers,
        )
