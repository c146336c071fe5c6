"""What is measured, and for how long: the command line of the suite."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ENVIRONMENTS = HERE / ".environments"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """One run of the suite."""

    parts: tuple[str, ...]
    """Of benchmarks.parts, in this order."""
    only: tuple[str, ...]
    """The servers to measure; empty means all."""
    models: tuple[str, ...]
    """The workloads to serve."""
    connections: tuple[int, ...]
    rounds: int
    seconds: float
    """How long each load lasts, after the warm-up."""
    warm_up: float
    """How many seconds of load come before the measured ones."""
    here: bool
    """Use the environment at hand for every server that it can run, and leave out the others."""
    work: Path
    """Where models, homes and logs are kept while the suite runs."""
    results: Path
    """The JSON of all parts; a part that is measured again replaces its own section."""
    docs: bool
    """Write the figures into docs/performance.md, too."""


def parse(arguments: Sequence[str], *, parts: Sequence[str], servers: Sequence[str], models: Sequence[str]) -> Options:
    """Return the options that the command line asks for, or end the process with what is wrong with it."""
    parser = _parser(parts=parts, servers=servers, models=models)
    given = parser.parse_args(arguments)
    if given.quick:
        parser.set_defaults(
            parts=["serving"], only=["carafe", "echo", "flask"], models=["linear"], connections=["16"],
            rounds=1, seconds=1.0, warm_up=0.5, here=True,
        )  # fmt: skip
        given = parser.parse_args(arguments)
    chosen = {"parts": parts, "only": servers, "models": models}
    for name, known in chosen.items():
        if unknown := set(getattr(given, name)) - set(known):
            parser.error(f"--{name}: there is no {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    return Options(
        parts=tuple(given.parts),
        only=tuple(given.only),
        models=tuple(given.models),
        connections=tuple(int(count) for count in given.connections),
        rounds=given.rounds,
        seconds=given.seconds,
        warm_up=given.warm_up,
        here=given.here,
        work=given.work.absolute(),
        results=(given.results or given.work / "results.json").absolute(),
        docs=given.docs,
    )


def _parser(*, parts: Sequence[str], servers: Sequence[str], models: Sequence[str]) -> argparse.ArgumentParser:
    def listed(text: str) -> list[str]:
        return [item.strip() for item in text.split(",") if item.strip()]

    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure Carafe beside its peers.")
    add = parser.add_argument
    add("--parts", type=listed, default=list(parts), help=f"what to measure: {','.join(parts)}")
    add("--only", type=listed, default=[], help=f"the servers to measure, all by default: {','.join(servers)}")
    add("--models", type=listed, default=list(models), help=f"what they serve: {','.join(models)}")
    add("--connections", type=listed, default=["1", "16", "64"], help="how many clients at once [1,16,64]")
    add("--rounds", type=int, default=3, help="how often each server has its turn [3]")
    add("--seconds", type=float, default=4.0, help="how long each load lasts [4]")
    add("--warm-up", type=float, default=2.0, help="seconds of load before each server is measured [2]")
    add("--here", action="store_true", help="only servers that the environment at hand can run; install nothing")
    add("--quick", action="store_true", help="one short round of Carafe, the echo and Flask by hand, for breakage")
    add("--work", type=Path, default=HERE / ".work", help="where models, homes and logs are kept meanwhile")
    add("--results", type=Path, help="the JSON file of the figures [WORK/results.json]")
    add("--docs", action="store_true", help="write the figures into docs/performance.md")
    return parser
