"""How vetiver is started: its FastAPI application on uvicorn, one worker, no access log."""

from __future__ import annotations

import json
from typing import Any

from benchmarks.load import Call
from benchmarks.peers.peer import JSON, Kind, Peer, Site


class Vetiver(Peer):
    """vetiver's API with its check of the prototype."""

    name = "vetiver"
    title = "vetiver"
    kind = Kind.PACKAGED

    def prepare(self, site: Site) -> None:
        """Write the row that the prototype is made of beside the model."""
        (site.trained.folder / "row.json").write_text(json.dumps(site.trained.records[0]))

    def command(self, site: Site) -> list[str]:
        return [
            *(str(site.python), "-m", "uvicorn", "benchmarks.peers.vetiver.server:app"),
            *("--port", str(site.port), "--log-level", "warning", "--no-access-log"),
        ]

    def call(self, site: Site) -> Call:
        bodies = [json.dumps([record]) for record in site.trained.records]
        return Call(path="/predict", bodies=bodies, headers=JSON)

    def read(self, answer: Any) -> object:  # noqa: ANN401 - JSON holds anything
        return answer["predict"][0]
