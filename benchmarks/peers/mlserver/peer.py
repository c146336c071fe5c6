"""How MLServer is started: in one process, batches of up to 16 that wait 2 ms at most."""

from __future__ import annotations

import json
from typing import Any

from benchmarks.load import Call
from benchmarks.peers.peer import JSON, Kind, Peer, Site
from benchmarks.process import free_port

TABLE = {"content_type": "pd"}
"""Tells MLServer that each input is a column of a data frame."""


class MlServer(Peer):
    """MLServer's scikit-learn runtime with adaptive batching."""

    name = "mlserver"
    title = "MLServer, batching 16"
    kind = Kind.PACKAGED

    def prepare(self, site: Site) -> None:
        """Write MLServer's two files of settings."""
        server = {
            "host": "127.0.0.1", "http_port": site.port, "grpc_port": free_port(), "metrics_port": free_port(),
            "parallel_workers": 0, "debug": False,
        }  # fmt: skip
        model = {
            "name": "model", "implementation": "mlserver_sklearn.SKLearnModel",
            "max_batch_size": 16, "max_batch_time": 0.002,
            "parameters": {"uri": str(site.trained.folder / "model.joblib")},
        }  # fmt: skip
        (site.folder / "settings.json").write_text(json.dumps(server))
        (site.folder / "model-settings.json").write_text(json.dumps(model))

    def command(self, site: Site) -> list[str]:
        return [str(site.python), "-c", "from mlserver.cli import main; main()", "start", str(site.folder)]

    def call(self, site: Site) -> Call:
        asked = _frame if site.trained.workload.framed else _array
        bodies = [json.dumps(asked(record)) for record in site.trained.records]
        return Call(path="/v2/models/model/infer", bodies=bodies, headers=JSON)

    def read(self, answer: Any) -> object:  # noqa: ANN401 - JSON holds anything
        return answer["outputs"][0]["data"][0]


def _array(record: dict[str, Any]) -> dict[str, Any]:
    data = list(record.values())
    return {"inputs": [{"name": "rows", "shape": [1, len(data)], "datatype": "FP64", "data": data}]}


def _frame(record: dict[str, Any]) -> dict[str, Any]:
    return {"parameters": TABLE, "inputs": [_column(name, value) for name, value in record.items()]}


def _column(name: str, value: object) -> dict[str, Any]:
    if isinstance(value, str):
        text = {"content_type": "str"}
        return {"name": name, "shape": [1, 1], "datatype": "BYTES", "parameters": text, "data": [value]}
    return {"name": name, "shape": [1, 1], "datatype": "FP64", "data": [value]}
