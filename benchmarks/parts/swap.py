"""A promotion under load: whether a request fails, and how long the slowest ones take."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from statistics import median

import msgspec

import carafe
from benchmarks.bench import Bench
from benchmarks.load import Call, Figures
from benchmarks.parts.part import Part
from benchmarks.parts.serving_report import BUSY
from benchmarks.peers.carafe.peer import MODEL, Carafe
from benchmarks.peers.peer import JSON
from benchmarks.process import Server, ServerFailed
from benchmarks.report import Goal, Table, at_most, figure
from benchmarks.workloads import WORKLOADS


class Swap(msgspec.Struct, frozen=True, kw_only=True):
    """Loads of one service, each without and then with a promotion in its middle."""

    quiet: tuple[Figures, ...]
    swapped: tuple[Figures, ...]

    @property
    def quiet_ms(self) -> float:
        """The 99th percentile without a promotion."""
        return median(one.p99_ms for one in self.quiet)

    @property
    def swapped_ms(self) -> float:
        """The 99th percentile with one."""
        return median(one.p99_ms for one in self.swapped)

    @property
    def errors(self) -> int:
        """The requests that failed in loads with a promotion."""
        return sum(one.errors for one in self.swapped)


class SwapPart(Part[Swap]):
    """Two versions that take each other's place while clients ask."""

    name = "swap"
    figures = Swap

    def measure(self, bench: Bench) -> Swap:
        peer, trained = Carafe(), bench.trained(WORKLOADS[0])
        site = bench.site(peer, trained, name="swap")
        carafe.publish(trained.estimator, MODEL, sample=trained.sample, home=site.folder / "home")
        call = peer.call(site)
        key, quiet, swapped = peer.key(site, "operator"), list[Figures](), list[Figures]()
        with bench.serving(peer, site) as server:
            bench.first_answer(peer, site, server)
            bench.load(call, server, connections=BUSY, seconds=bench.options.warm_up)
            for turn in range(bench.options.rounds):
                version = 2 - turn % 2
                quiet.append(bench.load(call, server, connections=BUSY))
                timer = threading.Timer(bench.options.seconds / 2, _promote, (server, key, version))
                timer.start()
                swapped.append(bench.load(call, server, connections=BUSY))
                timer.join()
                _check(server, call, version)
                print(f"swap {swapped[-1]}; without {quiet[-1]}", flush=True)
        return Swap(quiet=tuple(quiet), swapped=tuple(swapped))

    def tables(self, figures: Swap) -> Sequence[Table]:
        rows = [
            ("without", figure(figures.quiet_ms), str(sum(one.errors for one in figures.quiet))),
            ("with", figure(figures.swapped_ms), str(figures.errors)),
        ]
        title = f"**A promotion under load**, {BUSY} connections"
        return [Table(title=title, header=("promotion", "p99 ms", "errors"), rows=rows)]

    def goals(self, figures: Swap) -> Sequence[Goal]:
        return [
            at_most("a promotion under load: failed requests", figures.errors, 0, ""),
            at_most("a promotion under load: p99 over that without", figures.swapped_ms / figures.quiet_ms, 2, "x"),
        ]


def _promote(server: Server, key: str, version: int) -> None:
    headers = {**JSON, "Authorization": f"Bearer {key}"}
    server.ask("PUT", f"/models/{MODEL}/aliases/champion", json.dumps({"version": version}), headers)


def _check(server: Server, call: Call, version: int) -> None:
    """Raise ServerFailed unless the promoted version is the one that answers now."""
    response, _ = server.exchange("POST", call.path, call.bodies[0], call.headers)
    answering = response.headers["X-Carafe-Model"]
    if answering != f"{MODEL}@{version}":
        raise ServerFailed(f"{answering} answers, where {MODEL}@{version} was promoted")
