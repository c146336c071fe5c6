"""Carafe's start and memory: ``carafe serve`` until it is ready, one worker, and what another worker adds."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

import msgspec

from benchmarks.bench import Bench
from benchmarks.parts.part import Part
from benchmarks.peers.carafe.peer import Carafe
from benchmarks.report import Goal, Table, at_most, figure
from benchmarks.workloads import WORKLOADS

MORE = 2
"""How many workers are added to see what one adds."""
ASKED = 200
"""Predictions before memory is read, so that every worker has answered."""


class Footprint(msgspec.Struct, frozen=True, kw_only=True):
    """What each start of the service, of one small model, took."""

    ready_seconds: tuple[float, ...]
    """From the command to the first 200 of /health/ready, on one core."""
    service_mb: tuple[float, ...]
    """The whole service with one worker: its main process and the worker."""
    worker_mb: tuple[float, ...]
    """The worker alone."""
    extra_worker_mb: tuple[float, ...]
    """What each further worker adds to the whole."""


class FootprintPart(Part[Footprint]):
    """Start-up time and memory."""

    name = "footprint"
    figures = Footprint

    def measure(self, bench: Bench) -> Footprint:
        rounds = [(_start(bench, workers=1), _start(bench, workers=1 + MORE)) for _ in range(bench.options.rounds)]
        return Footprint(
            ready_seconds=tuple(one[0] for one, _ in rounds),
            service_mb=tuple(one[1] for one, _ in rounds),
            worker_mb=tuple(one[2] for one, _ in rounds),
            extra_worker_mb=tuple((several[1] - one[1]) / MORE for one, several in rounds),
        )

    def tables(self, figures: Footprint) -> Sequence[Table]:
        rows = [
            ("`carafe serve` ready, s", figure(median(figures.ready_seconds))),
            ("one worker, MB", figure(median(figures.worker_mb))),
            ("the service of one worker, MB", figure(median(figures.service_mb))),
            ("each further worker, MB", figure(median(figures.extra_worker_mb))),
        ]
        return [Table(title="**Start and memory** with one small model", header=("what", "figure"), rows=rows)]

    def goals(self, figures: Footprint) -> Sequence[Goal]:
        return [
            at_most("`carafe serve` is ready", median(figures.ready_seconds), 1.0, " s"),
            at_most("a worker's memory", median(figures.worker_mb), 100, " MB"),
            at_most("a further worker's memory", median(figures.extra_worker_mb), 50, " MB"),
        ]


def _start(bench: Bench, *, workers: int) -> tuple[float, float, float]:
    """Start the service; return the seconds until it is ready, and the memory of all and of its workers, in MB."""
    peer = Carafe(workers=workers)
    site = bench.site(peer, bench.trained(WORKLOADS[0]))
    call = peer.call(site)
    with bench.serving(peer, site) as server:
        server.wait_for("GET", "/health/ready")
        seconds = server.age
        for index in range(ASKED * workers):
            server.ask("POST", call.path, call.bodies[index % len(call.bodies)], call.headers)
        service, workers_only = server.memory_mb, server.children_mb
    print(f"footprint {workers} workers: ready in {seconds:.2f} s, {service:.0f} MB in all", flush=True)
    return seconds, service, workers_only / workers
