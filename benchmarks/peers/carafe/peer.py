"""How Carafe is started: as users start it, a key required, validation, metrics, drift sampling and request ids on."""

from __future__ import annotations

import json
import os
import subprocess
from contextlib import closing
from pathlib import Path

import carafe
from benchmarks.load import Call
from benchmarks.peers.carafe.everything_on import everything_on
from benchmarks.peers.peer import JSON, Kind, Peer, Site
from benchmarks.process import Server, ServerFailed
from carafe.monitoring import read_samples, sample_files
from carafe.registry import open_registry
from carafe.schema.exchange import ModelRef
from carafe.settings import Settings

MODEL = "model"
KEY = "key"
SAMPLE_RATE = 0.01
"""The share of rows that is kept for drift."""


class Carafe(Peer):
    """Carafe from the environment at hand."""

    name = "carafe"
    title = "Carafe, everything on"
    kind = Kind.CARAFE
    here = True

    def __init__(self, *, workers: int = 1, threads: int | None = None, pin: bool | None = None) -> None:
        self.workers = workers
        self.pin = pin
        """Whether each worker keeps to a core of its own; None for as it does by itself."""
        self.threads = threads
        """Of a worker; None for as many as it has by itself."""

    def python(self, *, here: bool) -> Path:
        del here  # the checkout itself is measured
        return super().python(here=True)

    def prepare(self, site: Site) -> None:
        """Publish the model into a new home, and make a key that permits nothing but predictions."""
        carafe.publish(site.trained.estimator, MODEL, sample=site.trained.sample, home=site.folder / "home")
        (site.folder / KEY).write_text(self.key(site, "predictor"))

    def key(self, site: Site, role: str) -> str:
        """Make a key of a role."""
        command = [str(site.python), "-m", "carafe", "keys", "create", "--role", role]
        made = subprocess.run(command, env=os.environ | self.environ(site), check=True, capture_output=True, text=True)
        return made.stdout.strip()

    def command(self, site: Site) -> list[str]:
        threads = () if self.threads is None else ("--threads", str(self.threads))
        pin = () if self.pin is None else ("--pin" if self.pin else "--no-pin",)
        sizes = ("--workers", str(self.workers), *threads, *pin)
        return [str(site.python), "-m", "carafe", "serve", "--port", str(site.port), *sizes]

    def environ(self, site: Site) -> dict[str, str]:
        return {"CARAFE_HOME": str(site.folder / "home"), "CARAFE_SAMPLE_RATE": str(SAMPLE_RATE)}

    def verify(self, site: Site, server: Server, *, requests: int) -> None:
        everything_on(server, self.call(site), monitor=self.key(site, "monitor"), requests=requests)
        kept = sum(1 for _ in read_samples(sample_files(Settings(home=site.folder / "home")), name=MODEL, number=1))
        if requests * SAMPLE_RATE > 20 and not kept:
            raise ServerFailed(f"of {requests:,} requests no row was kept, where one in {1 / SAMPLE_RATE:.0f} is to be")

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
