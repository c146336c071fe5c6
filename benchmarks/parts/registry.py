"""A thousand registered models: how long each one's first answer takes, and what they all cost in memory."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing

import msgspec

from benchmarks.bench import Bench
from benchmarks.load import Call
from benchmarks.parts.part import Part
from benchmarks.peers.carafe.peer import MODEL, Carafe
from benchmarks.peers.peer import Site
from benchmarks.process import Server
from benchmarks.report import Goal, Table, at_most, figure
from benchmarks.workloads import WORKLOADS
from carafe.registry import open_registry
from carafe.schema.exchange import ModelRef
from carafe.settings import Settings

MODELS = 1000


class Registered(msgspec.Struct, frozen=True, kw_only=True):
    """What asking every model once took."""

    ready_seconds: float
    """From the command to the first 200 of /health/ready, with all models registered."""
    first_ms: tuple[float, ...]
    """Each model's first answer, in the order in which they were asked."""
    second_ms: tuple[float, ...]
    """The next answer of the same model, for comparison."""
    before_mb: float
    half_mb: float
    """After half of the models were asked."""
    after_mb: float


class RegistryPart(Part[Registered]):
    """Many models in one service."""

    name = "registry"
    figures = Registered

    def measure(self, bench: Bench) -> Registered:
        peer = Carafe()
        site = bench.site(peer, bench.trained(WORKLOADS[0]), name="registry")
        _fill(site)
        with bench.serving(peer, site) as server:
            server.wait_for("GET", "/health/ready")
            seconds, before = server.age, server.memory_mb
            half = [_ask(server, peer.call(site), name) for name in _names()[: MODELS // 2]]
            half_mb = server.memory_mb
            rest = [_ask(server, peer.call(site), name) for name in _names()[MODELS // 2 :]]
            after = server.memory_mb
        return Registered(
            ready_seconds=seconds,
            first_ms=tuple(first for first, _ in half + rest),
            second_ms=tuple(second for _, second in half + rest),
            before_mb=before,
            half_mb=half_mb,
            after_mb=after,
        )

    def tables(self, figures: Registered) -> Sequence[Table]:
        first, second = sorted(figures.first_ms), sorted(figures.second_ms)
        rows = [
            ("`carafe serve` ready, s", figure(figures.ready_seconds)),
            ("first answer of a model, median, ms", figure(first[len(first) // 2])),
            ("first answer of a model, slowest of a hundred, ms", figure(first[len(first) * 99 // 100])),
            ("first answer of a model, slowest of all, ms", figure(first[-1])),
            ("its second answer, median, ms", figure(second[len(second) // 2])),
            ("memory before, after half, after all, MB",
             " / ".join(map(figure, (figures.before_mb, figures.half_mb, figures.after_mb)))),
        ]  # fmt: skip
        title = f"**{len(first):,} registered models**, each asked over a new connection"
        return [Table(title=title, header=("what", "figure"), rows=rows)]

    def goals(self, figures: Registered) -> Sequence[Goal]:
        first = sorted(figures.first_ms)
        count = f"{len(first):,} models"
        return [
            at_most(f"{count}: a cold first answer (99th percentile)", first[len(first) * 99 // 100], 100, " ms"),
            at_most(f"{count}: memory after all over after half", figures.after_mb / figures.half_mb, 1.1, "x"),
        ]


def _names() -> list[str]:
    return [f"model-{index:04}" for index in range(MODELS)]


def _fill(site: Site) -> None:
    """Register the one published model under a thousand names, each with files of its own."""
    with closing(open_registry(Settings(home=site.folder / "home"))) as registry:
        file = site.folder / "model.carafe"
        registry.export(ModelRef(name=MODEL), file)
        for name in _names():
            registry.import_(file, name)


def _ask(server: Server, call: Call, name: str) -> tuple[float, float]:
    """Ask a model twice; return how long each answer took, in milliseconds."""
    path, taken = call.path.replace(f"/{MODEL}/", f"/{name}/"), []
    for _ in range(2):
        begin = time.perf_counter()
        server.ask("POST", path, call.bodies[0], call.headers)
        taken.append((time.perf_counter() - begin) * 1e3)
    return taken[0], taken[1]
