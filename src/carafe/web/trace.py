"""What becomes known of a request while it is answered; observers are told of it at the end."""

from __future__ import annotations

import time

from carafe.access import Principal
from carafe.schema import ModelRef
from carafe.serving import Served


class Trace:
    """The notes on one request. Whoever learns something writes it down; nobody decides anything by it."""

    __slots__ = ("asked", "began", "principal", "request_id", "rows", "served", "slug", "unseen")

    def __init__(self, request_id: str) -> None:
        self.began = time.perf_counter()
        self.request_id = request_id
        self.principal: Principal | None = None
        """Who asks; None before that is proved, and on a public route."""
        self.asked: ModelRef | None = None
        """The alias or version that is asked for a prediction, the default's where the request names none."""
        self.served: Served | None = None
        """The version that is asked."""
        self.rows = 0
        self.unseen = 0
        self.slug: str | None = None
        """What went wrong."""

    @property
    def seconds(self) -> float:
        """How long ago the request came."""
        return time.perf_counter() - self.began
