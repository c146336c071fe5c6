"""How BentoML is started: one worker, batches of up to 16."""

from __future__ import annotations

import json
from typing import Any

from benchmarks.load import Call
from benchmarks.peers.peer import JSON, Kind, Peer, Site


class BentoMl(Peer):
    """BentoML with adaptive batching."""

    name = "bentoml"
    title = "BentoML, batching 16"
    kind = Kind.PACKAGED

    def command(self, site: Site) -> list[str]:
        return [
            *(str(site.python), "-m", "bentoml", "serve", "benchmarks.peers.bentoml.server:Predictor"),
            *("--host", "127.0.0.1", "--port", str(site.port)),
        ]

    def environ(self, site: Site) -> dict[str, str]:
        own = {"BENTOML_HOME": str(site.folder / "home"), "BENTOML_DO_NOT_TRACK": "True"}
        return super().environ(site) | own

    def call(self, site: Site) -> Call:
        bodies = [json.dumps({"records": [record]}) for record in site.trained.records]
        return Call(path="/predict", bodies=bodies, headers=JSON)

    def read(self, answer: Any) -> object:  # noqa: ANN401 - JSON holds anything
        return answer[0]
