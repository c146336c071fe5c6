"""Single-row predictions from every server: requests a second, latency, memory, start-up time."""

from __future__ import annotations

import http.client
import subprocess
from collections.abc import Iterator, Sequence

from benchmarks.bench import Bench
from benchmarks.environments import NotInstalled
from benchmarks.load import LoadFailed
from benchmarks.parts.part import Part
from benchmarks.parts.serving_figures import Failure, Load, ModelNamed, ServerNamed, Serving, Start
from benchmarks.parts.serving_report import goals, tables
from benchmarks.peers.carafe.peer import Carafe
from benchmarks.peers.peer import Peer
from benchmarks.process import ServerFailed
from benchmarks.report import Goal, Table
from benchmarks.workloads import WORKLOADS, Workload
from carafe.errors import CarafeError

FAILURES = (
    *(NotInstalled, ServerFailed, LoadFailed, CarafeError, OSError),
    *(http.client.HTTPException, subprocess.SubprocessError, KeyError, TypeError, IndexError),
)
"""What a peer that is not there, breaks or answers oddly may raise: it is told, and the others go on."""


class ServingPart(Part[Serving]):
    """Every server in turn, every model, every number of connections, round after round."""

    name = "serving"
    figures = Serving

    def measure(self, bench: Bench) -> Serving:
        measured: list[Start | Load | Failure] = []
        broken: set[tuple[str, str]] = set()
        for _ in range(bench.options.rounds):
            for workload, peer in _pairs(bench):
                if (peer.name, workload.name) in broken:
                    continue
                try:
                    measured += _serve(bench, peer, workload)
                except FAILURES as error:
                    broken.add((peer.name, workload.name))
                    measured.append(_failure(peer, workload, error))
        return Serving(
            servers=tuple(ServerNamed(name=peer.name, title=peer.title, kind=peer.kind) for peer in bench.peers),
            models=tuple(_named(bench, workload, broken) for workload in _workloads(bench)),
            starts=tuple(one for one in measured if isinstance(one, Start)),
            loads=tuple(one for one in measured if isinstance(one, Load)),
            failures=tuple(one for one in measured if isinstance(one, Failure)),
        )

    def tables(self, figures: Serving) -> Sequence[Table]:
        return tables(figures)

    def goals(self, figures: Serving) -> Sequence[Goal]:
        return goals(figures)


def _workloads(bench: Bench) -> list[Workload]:
    return [workload for workload in WORKLOADS if workload.name in bench.options.models]


def _pairs(bench: Bench) -> Iterator[tuple[Workload, Peer]]:
    for workload in _workloads(bench):
        for peer in bench.peers:
            yield workload, peer


def _named(bench: Bench, workload: Workload, broken: set[tuple[str, str]]) -> ModelNamed:
    rungs = [
        peer.rung(bench.site(peer, bench.trained(workload)))
        for peer in bench.peers
        if isinstance(peer, Carafe) and (peer.name, workload.name) not in broken
    ]
    return ModelNamed(name=workload.name, about=workload.about, rung=next(iter(rungs), ""))


def _serve(bench: Bench, peer: Peer, workload: Workload) -> list[Start | Load | Failure]:
    """Start a server, check its answers, load it, and check them again."""
    site = bench.site(peer, bench.trained(workload))
    call, measured = peer.call(site), list[Start | Load | Failure]()
    with bench.serving(peer, site) as server:
        seconds = bench.first_answer(peer, site, server)
        bench.load(call, server, connections=16, seconds=bench.options.warm_up)
        for connections in bench.options.connections:
            figures = bench.load(call, server, connections=connections)
            measured.append(Load(server=peer.name, model=workload.name, connections=connections, figures=figures))
            print(f"{workload.name:9} {peer.name:9} {connections:3} connections {figures}", flush=True)
        bench.first_answer(peer, site, server)
        peer.verify(site, server, requests=sum(one.figures.requests for one in measured if isinstance(one, Load)))
        measured.append(Start(server=peer.name, model=workload.name, seconds=seconds, memory_mb=server.memory_mb))
    return measured


def _failure(peer: Peer, workload: Workload, error: Exception) -> Failure:
    said = error.stderr if isinstance(error, subprocess.CalledProcessError) else ""
    reason = f"{type(error).__name__}: {error} {said or ''}".strip()
    print(f"{workload.name:9} {peer.name:9} FAILED: {reason}", flush=True)
    return Failure(server=peer.name, model=workload.name, reason=reason)
