"""What is measured of servers, and its medians over the rounds."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median

import msgspec

from benchmarks.load import Figures
from benchmarks.peers.peer import Kind


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """One start of one server."""

    server: str
    model: str
    seconds: float
    """From the command to the first right answer, on the server's one core."""
    memory_mb: float
    """Proportional set size of all its processes after the load."""


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """One load on one server."""

    server: str
    model: str
    connections: int
    figures: Figures


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """A server that could not be measured, and why."""

    server: str
    model: str
    reason: str


class ServerNamed(msgspec.Struct, frozen=True, kw_only=True):
    """A server, as the tables call it."""

    name: str
    title: str
    kind: Kind


class ModelNamed(msgspec.Struct, frozen=True, kw_only=True):
    """A model, and in which form Carafe serves it."""

    name: str
    about: str
    rung: str


class Serving(msgspec.Struct, frozen=True, kw_only=True):
    """All starts and loads, in the order in which they were measured."""

    servers: tuple[ServerNamed, ...]
    models: tuple[ModelNamed, ...]
    starts: tuple[Start, ...] = ()
    loads: tuple[Load, ...] = ()
    failures: tuple[Failure, ...] = ()

    def median(self, server: str, model: str, connections: int, of: Callable[[Figures], float]) -> float | None:
        """Return the median over the rounds of one figure; None where it was not measured."""
        values = [
            of(load.figures)
            for load in self.loads
            if (load.server, load.model, load.connections) == (server, model, connections)
        ]
        return median(values) if values else None

    def start(self, server: str, model: str, of: Callable[[Start], float]) -> float | None:
        """Return the median over the starts of one figure; None where it was not measured."""
        values = [of(start) for start in self.starts if (start.server, start.model) == (server, model)]
        return median(values) if values else None

    @property
    def connections(self) -> list[int]:
        """The numbers of connections, in order."""
        return list(dict.fromkeys(load.connections for load in self.loads))
