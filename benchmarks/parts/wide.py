"""What a column costs: the same kind of model on 10, 100 and 400 columns, of numbers or of categories."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from statistics import median

import msgspec
import numpy as np

from benchmarks.bench import Bench
from benchmarks.parts.part import Part
from benchmarks.parts.serving_report import BUSY
from benchmarks.peers.peer import Peer
from benchmarks.report import Goal, Table, at_most, figure
from benchmarks.workloads import Workload, wide, wide_pipeline

COLUMNS = (10, 100, 400)
ROWS = 4000
KINDS = ("numbers", "categories")
SERVERS = ("carafe", "echo")
GOALS = {"numbers": 0.3, "categories": 0.5}


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """The processor time that a request of so many columns took, with 16 connections."""

    server: str
    kind: str
    columns: int
    microseconds: float


class Wide(msgspec.Struct, frozen=True, kw_only=True):
    """All costs."""

    costs: tuple[Cost, ...]

    def cost(self, server: str, kind: str, columns: int) -> float:
        """Return the median over the rounds, in microseconds."""
        return median(
            one.microseconds for one in self.costs if (one.server, one.kind, one.columns) == (server, kind, columns)
        )

    def slope(self, server: str, kind: str, columns: Sequence[int] = COLUMNS) -> float:
        """Return the microseconds a column, by least squares over some numbers of columns."""
        costs = [self.cost(server, kind, count) for count in columns]
        return float(np.polyfit(np.array(columns, dtype=float), np.array(costs), 1)[0])

    @property
    def servers(self) -> list[str]:
        """The servers that were measured."""
        return list(dict.fromkeys(one.server for one in self.costs))


class WidePart(Part[Wide]):
    """Carafe and the echo, which parses the same bytes, on ever wider rows."""

    name = "wide"
    figures = Wide

    def measure(self, bench: Bench) -> Wide:
        peers = [peer for peer in bench.peers if peer.name in SERVERS]
        costs = [
            _cost(bench, peer, kind, columns)
            for _ in range(bench.options.rounds)
            for kind in KINDS
            for columns in COLUMNS
            for peer in peers
        ]
        return Wide(costs=tuple(costs))

    def tables(self, figures: Wide) -> Sequence[Table]:
        rows = [
            [
                f"{server}, {kind}",
                *(figure(figures.cost(server, kind, columns)) for columns in COLUMNS),
                figure(figures.slope(server, kind)),
            ]
            for kind in KINDS
            for server in figures.servers
        ]
        header = ("us a request", *(f"{columns} columns" for columns in COLUMNS), "us a column")
        return [Table(title="**Wide rows**: processor time for one request", header=header, rows=rows)]

    def goals(self, figures: Wide) -> Sequence[Goal]:
        goals: list[Goal] = []
        for kind in KINDS if "carafe" in figures.servers else ():
            goals.append(at_most(f"wide rows of {kind}: a column", figures.slope("carafe", kind), GOALS[kind], " us"))
            growth = figures.slope("carafe", kind, COLUMNS[1:]) / figures.slope("carafe", kind, COLUMNS[:2])
            what = f"wide rows of {kind}: a column beyond the hundredth over one before it (linear growth)"
            goals.append(at_most(what, growth, 1.25, "x"))
        return goals


def _workload(kind: str, columns: int) -> Workload:
    counts = {"numbers": columns, "categories": 0} if kind == "numbers" else {"numbers": 0, "categories": columns}
    return Workload(
        name=f"wide-{kind}-{columns}",
        about=f"LogisticRegression on {columns} {kind}",
        table=partial(wide, **counts, rows=ROWS),
        estimator=partial(wide_pipeline, **counts),
        framed=True,
    )


def _cost(bench: Bench, peer: Peer, kind: str, columns: int) -> Cost:
    site = bench.site(peer, bench.trained(_workload(kind, columns)))
    call = peer.call(site)
    with bench.serving(peer, site) as server:
        bench.first_answer(peer, site, server)
        bench.load(call, server, connections=BUSY, seconds=bench.options.warm_up)
        figures = bench.load(call, server, connections=BUSY)
    print(f"{columns:3} {kind:10} {peer.name:9} {figures}", flush=True)
    return Cost(server=peer.name, kind=kind, columns=columns, microseconds=figures.core_us)
