"""Latency at four fifths of what Carafe can do: how it feels while it is busy, but not overrun.

The echo is asked at Carafe's rate, too: what it shows is the machine's and the client's own share.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

import msgspec

from benchmarks.bench import Bench
from benchmarks.parts.part import Part
from benchmarks.parts.serving_report import BUSY
from benchmarks.peers.peer import Peer
from benchmarks.report import Goal, Table, at_most, figure
from benchmarks.steady import Latency, steady
from benchmarks.workloads import WORKLOADS, Workload

SHARE = 0.8
SERVERS = ("carafe", "echo")
MODELS = ("linear", "forest")


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One server at one rate: four fifths of Carafe's capacity."""

    server: str
    model: str
    capacity: float
    """Carafe's requests a second with 16 connections, measured just before."""
    latency: Latency


class Steady(msgspec.Struct, frozen=True, kw_only=True):
    """All runs."""

    runs: tuple[Run, ...]


class SteadyPart(Part[Steady]):
    """Carafe and the echo at a constant rate."""

    name = "steady"
    figures = Steady

    def measure(self, bench: Bench) -> Steady:
        workloads = [one for one in WORKLOADS if one.name in bench.options.models and one.name in MODELS]
        runs: list[Run] = []
        for _ in range(bench.options.rounds):
            for workload in workloads:
                capacity = None
                for peer in (peer for peer in bench.peers if peer.name in SERVERS):
                    runs.append(_run(bench, peer, workload, capacity=capacity))
                    capacity = runs[-1].capacity
        return Steady(runs=tuple(runs))

    def tables(self, figures: Steady) -> Sequence[Table]:
        header = (
            "server and model",
            "capacity/s",
            "asked/s",
            "p50 ms",
            "p99 ms",
            "worst ms",
            "client late ms",
            "errors",
        )
        rows = [
            [f"{server}, {model}", *_row([run for run in figures.runs if (run.server, run.model) == (server, model)])]
            for server, model in _served(figures)
        ]
        return [Table(title=f"**A constant rate of {SHARE:.0%} of Carafe's capacity**", header=header, rows=rows)]

    def goals(self, figures: Steady) -> Sequence[Goal]:
        return [
            at_most(
                f"{model}: p99 at {SHARE:.0%} of capacity",
                median(run.latency.p99_ms for run in figures.runs if (run.server, run.model) == (server, model)),
                2,
                " ms",
            )
            for server, model in _served(figures)
            if server == "carafe"
        ]


def _run(bench: Bench, peer: Peer, workload: Workload, *, capacity: float | None) -> Run:
    """Ask a server at a share of ``capacity``; of its own, where none is given."""
    site = bench.site(peer, bench.trained(workload))
    call = peer.call(site)
    with bench.serving(peer, site) as server:
        bench.first_answer(peer, site, server)
        bench.load(call, server, connections=BUSY, seconds=bench.options.warm_up)
        capacity = capacity or bench.load(call, server, connections=BUSY).requests_per_second
        seconds = bench.options.seconds
        latency = steady(call, port=site.port, rate=capacity * SHARE, seconds=seconds, machine=bench.machine)
    print(
        f"{workload.name:9} {peer.name:9} {latency.rate:9,.0f}/s  p50 {latency.p50_ms:7.3f} ms"
        f"  p99 {latency.p99_ms:7.3f} ms  {latency.errors} errors",
        flush=True,
    )
    return Run(server=peer.name, model=workload.name, capacity=capacity, latency=latency)


def _served(figures: Steady) -> list[tuple[str, str]]:
    return list(dict.fromkeys((run.server, run.model) for run in figures.runs))


def _row(runs: Sequence[Run]) -> list[str]:
    late = [run.latency for run in runs]
    middle = [
        *(median(run.capacity for run in runs), median(one.answered for one in late)),
        *(median(one.p50_ms for one in late), median(one.p99_ms for one in late)),
        *(median(one.worst_ms for one in late), median(one.late_ms for one in late)),
    ]
    return [*map(figure, middle), str(sum(one.errors for one in late))]
