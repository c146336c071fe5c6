"""Whether workers should keep to cores of their own: one a core, with and without; and one that has all cores."""

from __future__ import annotations

import os
from collections.abc import Sequence
from statistics import median

import msgspec

from benchmarks.bench import Bench
from benchmarks.load import Figures
from benchmarks.parts.part import Part
from benchmarks.peers.carafe.peer import Carafe
from benchmarks.report import Table, figure
from benchmarks.workloads import WORKLOADS

MODELS = ("linear", "forest")
CONNECTIONS = (16, 64)


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One load of a service whose workers may use every core of the machine, as may the load generator."""

    model: str
    way: str
    connections: int
    figures: Figures


class Cores(msgspec.Struct, frozen=True, kw_only=True):
    """All loads."""

    runs: tuple[Run, ...]

    def of(self, model: str, way: str, connections: int) -> list[Figures]:
        """Return the figures of all rounds."""
        wanted = (model, way, connections)
        return [run.figures for run in self.runs if (run.model, run.way, run.connections) == wanted]


class CoresPart(Part[Cores]):
    """Carafe with its workers on cores of their own, and left to the scheduler."""

    name = "cores"
    figures = Cores

    def measure(self, bench: Bench) -> Cores:
        workloads = [one for one in WORKLOADS if one.name in bench.options.models and one.name in MODELS]
        runs: list[Run] = []
        for _ in range(bench.options.rounds):
            for workload in workloads:
                for way, peer in _ways().items():
                    site = bench.site(peer, bench.trained(workload))
                    with bench.serving(peer, site, cores=sorted(os.sched_getaffinity(0))) as server:
                        bench.first_answer(peer, site, server)
                        call = peer.call(site)
                        bench.load(call, server, connections=CONNECTIONS[0], seconds=bench.options.warm_up)
                        for count in CONNECTIONS:
                            figures = bench.load(call, server, connections=count)
                            runs.append(Run(model=workload.name, way=way, connections=count, figures=figures))
                            print(f"{workload.name:<9} {way:<36} {count:3} {figures}", flush=True)
        return Cores(runs=tuple(runs))

    def tables(self, figures: Cores) -> Sequence[Table]:
        models = [model for model in MODELS if any(run.model == model for run in figures.runs)]
        columns = [(model, count) for model in models for count in CONNECTIONS]
        header = ["", *(f"{model}, {count}: {what}" for model, count in columns for what in ("requests/s", "p99 ms"))]
        rows = [
            [way, *(text for model, count in columns for text in _told(figures.of(model, way, count)))]
            for way in _ways()
        ]
        return [Table(title="**Workers and cores**, by model and connections", header=header, rows=rows)]


def _ways() -> dict[str, Carafe]:
    each = len(os.sched_getaffinity(0))
    return {
        "one worker, all cores": Carafe(workers=1, pin=False),
        "a worker a core, left to the scheduler": Carafe(workers=each, pin=False),
        "a worker a core, each on its own": Carafe(workers=each, pin=True),
    }


def _told(loads: Sequence[Figures]) -> tuple[str, str]:
    return figure(median(one.requests_per_second for one in loads)), figure(median(one.p99_ms for one in loads))
