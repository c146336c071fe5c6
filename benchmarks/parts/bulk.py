"""A million rows, CSV in, answers out, on one core: ``carafe predict`` beside MLflow, pandas and the bare steps."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

import msgspec
import polars as pl

from benchmarks.bench import Bench
from benchmarks.floor import Floor
from benchmarks.parts.bulk_ways import WAYS, Way, prepare
from benchmarks.parts.part import Part
from benchmarks.process import ServerFailed, run_once, same
from benchmarks.report import Goal, Table, at_least, at_most, figure
from benchmarks.workloads import WORKLOADS, Trained, houses

ROWS = 1_000_000
MODELS = ("linear", "forest")
CHECKED = 1000
"""How many answers are compared with the model's; all are counted."""


class Scored(msgspec.Struct, frozen=True, kw_only=True):
    """One file, scored in one way."""

    way: str
    model: str
    seconds: float
    """The whole command, the start of Python included."""
    peak_mb: float
    floor: Floor | None = None
    """For the bare steps: what each took inside."""


class Failed(msgspec.Struct, frozen=True, kw_only=True):
    """A way that could not be measured, and why."""

    way: str
    model: str
    reason: str


class Bulk(msgspec.Struct, frozen=True, kw_only=True):
    """All runs."""

    rows: int
    scored: tuple[Scored, ...] = ()
    failed: tuple[Failed, ...] = ()

    def runs(self, way: str, model: str) -> list[Scored]:
        """Return the runs of one way over one model."""
        return [one for one in self.scored if (one.way, one.model) == (way, model)]

    def seconds(self, way: str, model: str) -> float | None:
        """Return the median of its runs; None where there is none."""
        runs = self.runs(way, model)
        return median(one.seconds for one in runs) if runs else None

    def kernel(self, way: str, model: str) -> float | None:
        """Return the median of what the bare kernel alone took; None where it was not measured."""
        floors = [one.floor.run for one in self.runs(way, model) if one.floor]
        return median(floors) if floors else None


class BulkPart(Part[Bulk]):
    """Whole files."""

    name = "bulk"
    figures = Bulk

    def measure(self, bench: Bench) -> Bulk:
        data = bench.folder("bulk") / "houses.csv"
        pl.from_pandas(houses(ROWS, seed=3)[0]).write_csv(data)
        done: list[Scored | Failed] = []
        for _ in range(bench.options.rounds):
            for trained, way in _pairs(bench):
                if not any(isinstance(one, Failed) and (one.way, one.model) == _names(way, trained) for one in done):
                    done.append(_told(bench, way, trained, data))
        return Bulk(
            rows=ROWS,
            scored=tuple(one for one in done if isinstance(one, Scored)),
            failed=tuple(one for one in done if isinstance(one, Failed)),
        )

    def tables(self, figures: Bulk) -> Sequence[Table]:
        models = list(dict.fromkeys(one.model for one in figures.scored))
        rows = [
            [way.title, *(cell for model in models for cell in _cells(figures, way.name, model))]
            for way in WAYS
            if any(one.way == way.name for one in figures.scored)
        ]
        header = ("", *(column for model in models for column in (f"{model}, s", "kernel alone, s", "peak MB")))
        made = [Table(title=f"**Bulk**: {figures.rows:,} rows, CSV in, answers out", header=header, rows=rows)]
        if figures.failed:
            told = [(one.way, one.model, one.reason.replace("\n", " ")[-200:]) for one in figures.failed]
            made.append(Table(title="Not measured", header=("way", "model", "why"), rows=told))
        return made

    def goals(self, figures: Bulk) -> Sequence[Goal]:
        goals: list[Goal] = []
        own, mlflow, bare = (figures.seconds(way, "linear") for way in ("carafe", "mlflow", "numpy"))
        if own and mlflow:
            goals.append(at_least("bulk, linear: Carafe over `mlflow models predict`", mlflow / own, 15, "x"))
        if own and bare:
            goals.append(at_least("bulk, linear: Carafe's share of the bare steps' speed", bare / own * 100, 50, " %"))
        forest = figures.seconds("carafe", "forest")
        kernels = [kernel for way in ("sklearn", "onnx") if (kernel := figures.kernel(way, "forest"))]
        if forest and kernels:
            what = "bulk, forest: all of Carafe's time over the faster kernel's alone"
            goals.append(at_most(what, forest / min(kernels), 1.1, "x"))
        return goals


def _pairs(bench: Bench) -> Iterator[tuple[Trained, Way]]:
    for workload in WORKLOADS:
        if workload.name in MODELS and workload.name in bench.options.models:
            for way in WAYS:
                wanted = not bench.options.only or way.peer in bench.options.only
                if wanted and (not way.models or workload.name in way.models):
                    yield bench.trained(workload), way


def _names(way: Way, trained: Trained) -> tuple[str, str]:
    return way.name, trained.workload.name


def _told(bench: Bench, way: Way, trained: Trained, data: Path) -> Scored | Failed:
    name, model = _names(way, trained)
    try:
        scored = _score(bench, way, trained, data)
    except Exception as error:  # noqa: BLE001 - it is told, and the others go on
        said = error.stderr if isinstance(error, subprocess.CalledProcessError) else ""
        print(f"bulk {model:9} {name:9} FAILED: {error} {said}", flush=True)
        return Failed(way=name, model=model, reason=f"{type(error).__name__}: {error} {said}")
    print(f"bulk {model:9} {name:9} {scored.seconds:6.2f} s  {scored.peak_mb:5.0f} MB", flush=True)
    return scored


def _score(bench: Bench, way: Way, trained: Trained, data: Path) -> Scored:
    site = prepare(bench, way, trained)
    out = site.folder / way.output
    out.unlink(missing_ok=True)
    command, environ = way.command(site, data, out), way.environ(site)
    once = run_once(command, core=bench.machine.server_core, environ=environ, folder=site.folder)
    answers = way.read(out)
    head = pl.read_csv(data, n_rows=CHECKED).to_numpy()
    right = trained.estimator.predict(head).tolist()
    if len(answers) != ROWS:
        raise ServerFailed(f"{len(answers):,} answers to {ROWS:,} rows")
    if not all(same(answer, expected) for answer, expected in zip(answers, right, strict=False)):
        raise ServerFailed("the answers are not the model's")
    floor = msgspec.json.decode(once.output, type=Floor) if way.bare else None
    return Scored(way=way.name, model=trained.workload.name, seconds=once.seconds, peak_mb=once.peak_mb, floor=floor)


def _cells(figures: Bulk, way: str, model: str) -> Sequence[str]:
    seconds, kernel = figures.seconds(way, model), figures.kernel(way, model)
    if seconds is None:
        return "-", "-", "-"
    peak = median(one.peak_mb for one in figures.runs(way, model))
    return figure(seconds), figure(kernel) if kernel is not None else "", figure(peak)
