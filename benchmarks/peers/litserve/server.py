"""A LitServe API that answers up to 16 requests by one call of the model."""

from __future__ import annotations

import sys
from typing import Any

import litserve

from benchmarks.peers.stored import Stored


class Api(litserve.LitAPI):
    """Hands the records of a batch to the model."""

    def setup(self, device: str) -> None:
        """Load the model."""
        del device
        self.stored = Stored()

    def predict(self, x: list[dict[str, Any]], **_: Any) -> list[Any]:  # noqa: ANN401 - as LitServe declares it
        """Answer a batch."""
        return self.stored.predict(x)

    def encode_response(self, output: Any, **_: Any) -> dict[str, Any]:  # noqa: ANN401 - as LitServe declares it
        """Return the body of one answer."""
        return {"prediction": output}


if __name__ == "__main__":
    api = Api(max_batch_size=16, batch_timeout=0.002)
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=1, fast_queue=True)
    server.run(host="127.0.0.1", port=int(sys.argv[1]), generate_client_file=False, log_level="warning")
