"""A BentoML service that answers up to 16 requests by one call of the model."""

from __future__ import annotations

from typing import Any

import bentoml

from benchmarks.peers.stored import Stored


@bentoml.service(workers=1, metrics={"enabled": True}, logging={"access": {"enabled": False}})
class Predictor:
    """Hands the records of a batch to the model."""

    def __init__(self) -> None:
        self.stored = Stored()

    @bentoml.api(batchable=True, max_batch_size=16, max_latency_ms=1000)
    def predict(self, records: list[dict[str, Any]]) -> list[Any]:
        """Answer a batch."""
        return self.stored.predict(records)
