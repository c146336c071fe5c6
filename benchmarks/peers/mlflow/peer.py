"""How MLflow is started: its own scoring server in the environment at hand, one worker."""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

from benchmarks.load import Call
from benchmarks.peers.peer import JSON, Kind, Peer, Site


class MlFlow(Peer):
    """``mlflow models serve``."""

    name = "mlflow"
    title = "MLflow models serve"
    kind = Kind.PACKAGED

    def prepare(self, site: Site) -> None:
        """Save the model as MLflow keeps models."""
        save = [str(site.python), "-m", "benchmarks.peers.mlflow.save", str(site.folder / "model")]
        environ = os.environ | self.environ(site)
        subprocess.run(save, env=environ, cwd=site.folder, check=True, capture_output=True, text=True)

    def command(self, site: Site) -> list[str]:
        return [
            *(str(site.python), "-m", "mlflow", "models", "serve", "--model-uri", str(site.folder / "model")),
            *("--port", str(site.port), "--workers", "1", "--env-manager", "local"),
        ]

    def environ(self, site: Site) -> dict[str, str]:
        path = f"{site.python.parent}{os.pathsep}{os.environ['PATH']}"  # it starts uvicorn by name
        return super().environ(site) | {"PATH": path, "MLFLOW_DISABLE_TELEMETRY": "true", "UVICORN_ACCESS_LOG": "false"}

    def call(self, site: Site) -> Call:
        columns = site.trained.columns
        rows = [[record[name] for name in columns] for record in site.trained.records]
        framed = site.trained.workload.framed
        bodies = [
            {"dataframe_split": {"columns": columns, "data": [row]}} if framed else {"inputs": [row]} for row in rows
        ]
        return Call(path="/invocations", bodies=[json.dumps(body) for body in bodies], headers=JSON)

    def read(self, answer: Any) -> object:  # noqa: ANN401 - JSON holds anything
        return answer["predictions"][0]
