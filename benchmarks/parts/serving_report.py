"""The servers' figures as tables, and the goals that they decide."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from benchmarks.load import Figures
from benchmarks.parts.serving_figures import ModelNamed, ServerNamed, Serving
from benchmarks.peers.peer import Kind
from benchmarks.report import Goal, Table, at_least, at_most, figure

BUSY = 16
"""The number of connections that throughput is judged by."""
GOALS_OF_LIMIT = {"linear": 0.70, "forest": 0.50, "forest-one": 0.50}


def tables(serving: Serving) -> Sequence[Table]:
    """Return one table a model, and what failed."""
    made = [_table(serving, model) for model in serving.models if any(one.model == model.name for one in serving.loads)]
    if serving.failures:
        rows = [(one.server, one.model, one.reason.replace("\n", " ")[-200:]) for one in serving.failures]
        made.append(Table(title="Not measured", header=("server", "model", "why"), rows=rows))
    return made


def goals(serving: Serving) -> Sequence[Goal]:
    """Return the goals of single-row predictions."""
    return [goal for model in serving.models for goal in _goals(serving, model.name)]


def _table(serving: Serving, model: ModelNamed) -> Table:
    rows = [
        _row(serving, model.name, server)
        for server in serving.servers
        if any((load.server, load.model) == (server.name, model.name) for load in serving.loads)
    ]
    rung = f"; Carafe's is {model.rung}" if model.rung else ""
    header = ["server"]
    for connections in serving.connections:
        header += [f"{connections}: requests/s", "p50 ms", "p99 ms", "core us", "Carafe is"]
    return Table(
        title=f"**{model.name}**: {model.about}{rung}; by number of connections",
        header=[*header, "errors", "memory MB", "start s"],
        rows=rows,
    )


def _row(serving: Serving, model: str, server: ServerNamed) -> list[str]:
    row, errors = [server.title], 0.0
    for connections in serving.connections:
        row += [_told(serving.median(server.name, model, connections, of)) for of in (_rate, _p50, _p99, _core)]
        row.append(_told(ratio(serving, model, connections, over=server.name), "x"))
        errors += sum(
            load.figures.errors
            for load in serving.loads
            if (load.server, load.model, load.connections) == (server.name, model, connections)
        )
    memory = serving.start(server.name, model, lambda start: start.memory_mb)
    seconds = serving.start(server.name, model, lambda start: start.seconds)
    return [*row, f"{errors:.0f}", _told(memory), _told(seconds)]


def ratio(serving: Serving, model: str, connections: int, *, over: str) -> float | None:
    """Return by how much more requests a second Carafe answers than another server."""
    own = serving.median("carafe", model, connections, _rate)
    other = serving.median(over, model, connections, _rate)
    return own / other if own and other else None


def best(serving: Serving, model: str, kinds: Iterable[Kind]) -> str | None:
    """Return which server of some kinds answers the most requests a second."""
    rates = {
        server.name: rate
        for server in serving.servers
        if server.kind in kinds and (rate := serving.median(server.name, model, BUSY, _rate))
    }
    return max(rates, key=lambda name: rates[name]) if rates else None


def _goals(serving: Serving, model: str) -> Iterable[Goal]:
    packaged = best(serving, model, {Kind.PACKAGED})
    times = ratio(serving, model, BUSY, over=packaged) if packaged else None
    if times and model in GOALS_OF_LIMIT:
        yield at_least(f"{model}, {BUSY} connections: Carafe over the best packaged peer ({packaged})", times, 25, "x")
    if times and model == "native":
        yield at_least(f"{model}, {BUSY} connections: Carafe over the best peer's batching ({packaged})", times, 1, "x")
    share = ratio(serving, model, BUSY, over="echo")
    if share and model in GOALS_OF_LIMIT:
        limit = GOALS_OF_LIMIT[model] * 100
        yield at_least(f"{model}, {BUSY} connections: Carafe's share of the bare echo", share * 100, limit, " %")
    own, bare = (serving.median(name, model, 1, _p50) for name in ("carafe", "echo"))
    if own and bare and model in GOALS_OF_LIMIT:
        yield at_most(f"{model}, 1 connection: Carafe's p50 over the bare echo's", own / bare, 2.5, "x")


def _rate(figures: Figures) -> float:
    return figures.requests_per_second


def _p50(figures: Figures) -> float:
    return figures.p50_ms


def _p99(figures: Figures) -> float:
    return figures.p99_ms


def _core(figures: Figures) -> float:
    return figures.core_us


def _told(value: float | None, unit: str = "") -> str:
    return "-" if value is None else f"{figure(value)}{unit}"
