"""The figures of this service, as Prometheus reads them."""

from __future__ import annotations

from carafe.monitoring import CONTENT_TYPE
from carafe.web.call import Reply, written
from carafe.web.route import Context


def show(context: Context) -> Reply:
    """Return the figures of all workers; a query is let be, for scrapers may add one of their own."""
    return written(context.service.monitoring.telling.tell(), kind=CONTENT_TYPE)
