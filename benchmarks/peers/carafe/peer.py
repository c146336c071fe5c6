"""How Carafe is started: as users start it, a key required, validation, metrics, drift sampling and request ids on."""

from __future__ import annotations

import json
import os
import subprocess
from contextlib import closing
from pathlib import Path

import carafe
from benchmarks.load import Call
from benchmarks.peers.peer import JSON, Kind, Peer, Site
from carafe.registry import open_registry
from carafe.schema.exchange import ModelRef
from carafe.settings import Settings

MODEL = "model"
KEY = "key"


class Carafe(Peer):
    """Carafe from the environment at hand."""

    name = "carafe"
    title = "Carafe, everything on"
    kind = Kind.CARAFE
    here = True

    def __init__(self, *, workers: int = 1) -> None:
        self.workers = workers

    def python(self, *, here: bool) -> Path:
        del here  # the checkout itself is measured
        return super().python(here=True)

    def prepare(self, site: Site) -> None:
        """Publish the model into a new home, and make a key that permits nothing but predictions."""
        carafe.publish(site.trained.estimator, MODEL, sample=site.trained.sample, home=site.folder / "home")
        keys = [str(site.python), "-m", "carafe", "keys", "create", "--role", "predictor"]
        made = subprocess.run(keys, env=os.environ | self.environ(site), check=True, capture_output=True, text=True)
        (site.folder / KEY).write_text(made.stdout.strip())

    def command(self, site: Site) -> list[str]:
        return [str(site.python), "-m", "carafe", "serve", "--port", str(site.port), "--workers", str(self.workers)]

    def environ(self, site: Site) -> dict[str, str]:
        return {"CARAFE_HOME": str(site.folder / "home")}

    def call(self, site: Site) -> Call:
        return Call(
            path=f"/models/{MODEL}/predict",
            bodies=[json.dumps(record) for record in site.trained.records],
            headers={**JSON, "Authorization": f"Bearer {(site.folder / KEY).read_text()}"},
        )

    def rung(self, site: Site) -> str:
        """Return in which form the published model answers: lowered, onnx or native."""
        with closing(open_registry(Settings(home=site.folder / "home"))) as registry:
            version = registry.resolve(ModelRef(name=MODEL))
            return registry.fetch(version).manifest.runs_as
