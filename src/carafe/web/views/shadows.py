"""What became of the requests that were put before a model's shadows."""

from __future__ import annotations

import msgspec

from carafe.monitoring import ShadowCounts, shadow_counts
from carafe.web.call import Reply, document
from carafe.web.query import read_query
from carafe.web.route import Context


class ShadowsDocument(msgspec.Struct, frozen=True, kw_only=True):
    """The shadows of a model that were asked since the workers began."""

    model: str
    shadows: tuple[ShadowCounts, ...]


def show(context: Context) -> Reply:
    """Return what all workers have counted of a model's shadows."""
    read_query(context.call)
    model = context.service.registry.model(context.parameters["name"])
    found = shadow_counts(context.service.monitoring.telling.together(), name=model.name)
    return document(ShadowsDocument(model=model.name, shadows=found))
