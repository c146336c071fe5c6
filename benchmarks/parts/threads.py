"""How many threads a worker should answer with: the same service with each number of them, in turn."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

import msgspec

from benchmarks.bench import Bench
from benchmarks.load import Figures
from benchmarks.parts.part import Part
from benchmarks.parts.serving_report import BUSY
from benchmarks.peers.carafe.peer import Carafe
from benchmarks.report import Table, figure
from benchmarks.workloads import WORKLOADS

MODELS = ("linear", "forest", "native")
COUNTS = (1, 4, 8, 16, 32)


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One load of a service with so many threads."""

    model: str
    threads: int
    figures: Figures


class Threads(msgspec.Struct, frozen=True, kw_only=True):
    """All loads."""

    runs: tuple[Run, ...]

    def of(self, model: str, threads: int) -> list[Figures]:
        """Return a model's figures with a number of threads."""
        return [run.figures for run in self.runs if (run.model, run.threads) == (model, threads)]


class ThreadsPart(Part[Threads]):
    """Carafe with few and with many threads."""

    name = "threads"
    figures = Threads

    def measure(self, bench: Bench) -> Threads:
        workloads = [one for one in WORKLOADS if one.name in bench.options.models and one.name in MODELS]
        runs: list[Run] = []
        for _ in range(bench.options.rounds):
            for workload in workloads:
                trained = bench.trained(workload)
                for count in COUNTS:
                    peer = Carafe(threads=count)
                    site = bench.site(peer, trained)
                    with bench.serving(peer, site) as server:
                        bench.first_answer(peer, site, server)
                        call = peer.call(site)
                        bench.load(call, server, connections=BUSY, seconds=bench.options.warm_up)
                        figures = bench.load(call, server, connections=BUSY)
                    runs.append(Run(model=workload.name, threads=count, figures=figures))
                    print(f"{workload.name:<9} {count:3} threads {figures}", flush=True)
        return Threads(runs=tuple(runs))

    def tables(self, figures: Threads) -> Sequence[Table]:
        models = [model for model in MODELS if figures.of(model, COUNTS[0])]
        header = ["threads", *(f"{model}: {what}" for model in models for what in ("requests/s", "p99 ms", "core us"))]
        rows = [
            [str(count), *(text for model in models for text in _told(figures.of(model, count)))] for count in COUNTS
        ]
        return [Table(title=f"**Threads of one worker**, {BUSY} connections", header=header, rows=rows)]


def _told(loads: Sequence[Figures]) -> tuple[str, str, str]:
    return (
        figure(median(one.requests_per_second for one in loads)),
        figure(median(one.p99_ms for one in loads)),
        figure(median(one.core_us for one in loads)),
    )
