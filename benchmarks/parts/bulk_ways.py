"""The ways to score a whole file: how each is made ready, started and read."""

from __future__ import annotations

import json
import sys
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import polars as pl
from skl2onnx import to_onnx

from benchmarks.bench import Bench
from benchmarks.options import HERE
from benchmarks.peers.carafe.peer import MODEL, Carafe
from benchmarks.peers.flask_by_hand.peer import FlaskByHand
from benchmarks.peers.mlflow.peer import MlFlow
from benchmarks.peers.peer import Peer, Site
from benchmarks.workloads import Trained


class Way(ABC):
    """A command that reads a file of rows and writes a file of answers, and no other column."""

    name: ClassVar[str]
    title: ClassVar[str]
    peer: ClassVar[str]
    """The name under which ``--only`` chooses it."""
    server: ClassVar[type[Peer]]
    """Whose site it uses."""
    models: ClassVar[tuple[str, ...]] = ()
    """The only workloads it knows; empty means all."""
    output: ClassVar[str] = "scored.csv"
    bare: ClassVar[bool] = False
    """Whether it prints what each of its steps took."""

    @abstractmethod
    def command(self, site: Site, data: Path, out: Path) -> list[str]:
        """Return its command line."""

    def environ(self, site: Site) -> dict[str, str]:
        """Return what it needs in the environment."""
        return self.server().environ(site)

    def read(self, out: Path) -> list[Any]:
        """Return the answers that it wrote."""
        return pl.read_csv(out)["prediction"].to_list()


class CarafePredict(Way):
    """``carafe predict``: every row checked, rejected rows kept aside, able to go on after a crash."""

    name = peer = "carafe"
    title = "`carafe predict`"
    server = Carafe

    def command(self, site: Site, data: Path, out: Path) -> list[str]:
        options = ("-o", str(out), "--force", "--only-predictions")
        return [str(site.python), "-m", "carafe", "predict", MODEL, str(data), *options]


class MlFlowPredict(Way):
    """``mlflow models predict``, which writes its answers as JSON."""

    name = peer = "mlflow"
    title = "`mlflow models predict`"
    server = MlFlow
    output = "scored.json"

    def command(self, site: Site, data: Path, out: Path) -> list[str]:
        return [
            *(str(site.python), "-m", "mlflow", "models", "predict", "--model-uri", str(site.folder / "model")),
            *("--input-path", str(data), "--content-type", "csv", "--output-path", str(out), "--env-manager", "local"),
        ]

    def read(self, out: Path) -> list[Any]:
        answers: list[Any] = json.loads(out.read_text())["predictions"]
        return answers


class ByHand(Way):
    """pandas and scikit-learn."""

    name = "by hand"
    peer = "flask"
    title = "pandas + scikit-learn by hand"
    server = FlaskByHand

    def command(self, site: Site, data: Path, out: Path) -> list[str]:
        return [str(site.python), "-m", "benchmarks.peers.flask_by_hand.score", str(data), str(out)]


class Bare(Way):
    """polars, one kernel, polars; in the environment at hand."""

    peer = "echo"
    server = FlaskByHand
    bare = True

    def command(self, site: Site, data: Path, out: Path) -> list[str]:
        model = str(site.trained.folder)
        return [sys.executable, "-m", "benchmarks.floor", self.name, model, str(data), str(out)]

    def environ(self, site: Site) -> dict[str, str]:
        del site
        return {"PYTHONPATH": str(HERE.parent)}


class BareNumpy(Bare):
    """A product with the weights."""

    name = "numpy"
    title = "bare: polars, a product by NumPy, polars"
    models = ("linear",)


class BareSklearn(Bare):
    """scikit-learn's own kernel."""

    name = "sklearn"
    title = "bare: polars, scikit-learn, polars"


class BareOnnx(Bare):
    """ONNX Runtime's own kernel, in single precision as converters have it."""

    name = "onnx"
    title = "bare: polars, ONNX Runtime, polars"
    models = ("forest",)


WAYS: tuple[Way, ...] = (CarafePredict(), MlFlowPredict(), ByHand(), BareNumpy(), BareSklearn(), BareOnnx())


def prepare(bench: Bench, way: Way, trained: Trained) -> Site:
    """Return where a way works, what it loads made ready."""
    if way.bare:
        _write_kernels(trained)
    return bench.site(way.server(), trained)


def _write_kernels(trained: Trained) -> None:
    """Write the model as weights or as a graph beside the stored one, for kernels that need no scikit-learn."""
    if trained.workload.name == "linear":
        scaler, line = trained.estimator[0], trained.estimator[1]
        weights = line.coef_ / scaler.scale_
        intercept = float(line.intercept_ - weights @ scaler.mean_)
        (trained.folder / "weights.json").write_text(json.dumps({"weights": weights.tolist(), "intercept": intercept}))
    elif not (trained.folder / "model.onnx").exists():
        graph = to_onnx(trained.estimator, trained.sample.to_numpy()[:1].astype(np.float32))
        (trained.folder / "model.onnx").write_bytes(graph.SerializeToString())
