"""Training: the time of a whole run over the time inside the scikit-learn fits that it performs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import msgspec
import pandas as pd

from benchmarks.bench import Bench
from benchmarks.options import HERE
from benchmarks.parts.part import Part
from benchmarks.process import run_once
from benchmarks.report import Goal, Table, at_most, figure
from benchmarks.training_run import TrainingRun
from benchmarks.workloads import houses, wide

BUDGET_SECONDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A table and how it is learnt."""

    name: str
    table: Callable[[], tuple[pd.DataFrame, Any]]
    algorithm: str


CASES = (
    Case(name="forest, 100,000 x 4", table=lambda: houses(100_000, seed=4), algorithm="forest"),
    Case(name="boosting, 20,000 x 100", table=lambda: wide(numbers=80, categories=20), algorithm="boosting"),
    Case(name="auto, 20,000 x 4", table=houses, algorithm="auto"),
)


class Training(msgspec.Struct, frozen=True, kw_only=True):
    """The runs of each case."""

    runs: dict[str, tuple[TrainingRun, ...]]


class TrainingPart(Part[Training]):
    """Whole runs."""

    name = "training"
    figures = Training

    def measure(self, bench: Bench) -> Training:
        runs: dict[str, list[TrainingRun]] = {case.name: [] for case in CASES}
        for _ in range(bench.options.rounds):
            for case in CASES:
                runs[case.name].append(_train(bench, case))
                print(f"training {case.name:24} {_ratio(runs[case.name][-1]):.2f}x its fits", flush=True)
        return Training(runs={name: tuple(each) for name, each in runs.items()})

    def tables(self, figures: Training) -> Sequence[Table]:
        rows = [
            [
                name,
                figure(median(run.seconds for run in runs)),
                str(runs[0].fits),
                figure(median(run.fit_seconds for run in runs)),
                figure(median(run.publish_seconds for run in runs)),
            ]
            for name, runs in figures.runs.items()
        ]
        header = ("algorithm, table", "train, s", "fits", "inside fits, s", "publish, s")
        return [Table(title="**Training** from a CSV file", header=header, rows=rows)]

    def goals(self, figures: Training) -> Sequence[Goal]:
        return [
            at_most(f"training, {name}: the whole over its fits", median(map(_ratio, runs)), 1.1, "x")
            for name, runs in figures.runs.items()
        ]


def _train(bench: Bench, case: Case) -> TrainingRun:
    folder = bench.folder("training")
    features, target = case.table()
    features.assign(target=target).to_csv(folder / "table.csv", index=False)
    command = [sys.executable, "-m", "benchmarks.training_run", str(folder / "table.csv"), "target"]
    command += [case.algorithm, str(BUDGET_SECONDS), str(folder / "home")]
    environ = {"PYTHONPATH": str(HERE.parent)}
    once = run_once(command, core=bench.machine.server_core, environ=environ, folder=folder)
    return msgspec.json.decode(once.output, type=TrainingRun)


def _ratio(run: TrainingRun) -> float:
    return run.seconds / run.fit_seconds
