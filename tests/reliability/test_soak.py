"""Load below capacity, with bad input and swaps, for as long as one likes: hardening 24."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import numpy as np
import pytest

from carafe.schema import ModelRef
from reliability.generator import Generator, Question
from reliability.processes import Holding
from reliability.report import report
from reliability.slopes import COMPILED, POOL, SHARED, WIDE, Home, make_home, questions
from web.servers import Server, running

CONNECTIONS = 32
SHARE = 0.7
"""Of what the connections can ask together."""

SWAPS = 24
"""How often each model's champion changes: every five minutes of two hours."""

MIB = 1024**2


@dataclass
class Soaked:
    """What was seen over the time of a soak."""

    rate: float
    asked: int = 0
    refused: int = 0
    failures: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    holdings: list[Holding] = field(default_factory=list)

    @property
    def slope(self) -> float:
        """How fast memory grew over the later four fifths of the time, in MiB an hour (least squares)."""
        begin = len(self.seconds) // 5
        memory = [holding.memory / MIB for holding in self.holdings[begin:]]
        return float(np.polyfit(self.seconds[begin:], memory, 1)[0]) * 3600


def mixed(good: list[Question]) -> list[Question]:
    """Return eighteen questions that are answered and, spread among them, two that are refused."""
    path = good[0].path
    wrong = Question(path=path, body=b'["seven"]', status=422)
    broken = Question(path=path, body=b'[1, {"a": ', status=400)
    return [*good[:9], wrong, *good[7:], broken]


def soak(server: Server, home: Home, *, seconds: float, count: int) -> Soaked:
    """Load a server for so long, swap so often meanwhile, and look at its workers as it goes."""
    asked = [mixed(questions(server, name)) for name in (COMPILED, SHARED)]
    seen = Soaked(rate=SHARE * capacity(server, asked, seconds=min(10.0, seconds / 5)))
    with Generator(
        port=server.port, key=server.key, questions=asked, connections=CONNECTIONS, rate=seen.rate
    ) as generator:
        began, swaps = time.monotonic(), 0
        while (now := time.monotonic() - began) < seconds or swaps < count:  # however busy the machine is
            if swaps < count and now >= (swaps + 1) * seconds / (count + 1):
                swaps += 1
                swap(home, 1 + swaps % 2)
            seen.seconds.append(now)
            seen.holdings.append(Holding.of(server.workers))
            time.sleep(min(5.0, seconds / 100))
    seen.asked, seen.failures = generator.asked, generator.failures
    seen.refused = generator.statuses[400] + generator.statuses[422]
    return seen


def capacity(server: Server, asked: list[list[Question]], *, seconds: float) -> float:
    """Return how many requests a second the connections can ask together."""
    with Generator(port=server.port, key=server.key, questions=asked, connections=CONNECTIONS) as generator:
        time.sleep(seconds / 4)
        before = generator.asked
        time.sleep(seconds)
        rate = (generator.asked - before) / seconds
    assert generator.failures == []
    return rate


def swap(home: Home, number: int) -> None:
    with home.registry() as registry:
        for name in (COMPILED, SHARED):
            registry.promote(ModelRef(name=name, version=number))


def soaked(folder: Path, *, seconds: float, count: int) -> Soaked:
    home = make_home(folder / "home")
    with running("carafe", folder, home=home.path, key=home.key, extra=WIDE) as server:
        seen = soak(server, home, seconds=seconds, count=count)
    assert seen.failures == []
    assert seen.refused > seen.asked * 0.09
    return seen


def test_a_short_soak_leaves_descriptors_and_threads_flat(tmp_path: Path) -> None:
    seen = soaked(tmp_path, seconds=3, count=4)
    early, late = seen.holdings[len(seen.holdings) // 5], seen.holdings[-1]
    assert late.descriptors <= early.descriptors + 4
    assert late.threads <= early.threads + 4
    assert max(holding.pool for holding in seen.holdings) <= POOL
    assert late.memory < early.memory + 50 * MIB


@pytest.mark.long
def test_a_long_soak_leaves_memory_descriptors_and_threads_flat(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    minutes = float(pytestconfig.getoption("soak_minutes"))
    seen = soaked(tmp_path, seconds=60 * minutes, count=SWAPS)
    fifth = len(seen.holdings) // 5
    early, late = seen.holdings[fifth : 2 * fifth], seen.holdings[-fifth:]
    descriptors = [median(one.descriptors for one in part) for part in (early, late)]
    threads = [median(one.threads for one in part) for part in (early, late)]
    memory = [median(one.memory for one in part) / MIB for part in (early, late)]
    load = (
        f"{minutes:g} minutes (the requirement: 120) at {seen.asked / minutes / 60:,.0f} requests a second over "
        f"{CONNECTIONS} connections, on 2 workers ({seen.rate:,.0f} were meant, {100 * SHARE:.0f} % of what they "
        f"reached without a pause before): {seen.asked:,} requests, "
        f"of which {seen.refused:,} with bad input were refused as they should be, 0 failed; {SWAPS} swaps of each "
        "of two models."
    )
    held = (
        f"Both workers, in the second and in the last fifth of the time: {memory[0]:.1f} and {memory[1]:.1f} MiB, "
        f"{descriptors[0]:.0f} and {descriptors[1]:.0f} descriptors, {threads[0]:.0f} and {threads[1]:.0f} threads "
        f"beside the {max(holding.pool for holding in seen.holdings)} at most that answer (allowed: {POOL})."
    )
    slope = f"Memory over the last four fifths of the time grew by {seen.slope:.1f} MiB an hour (allowed: 5)."
    report("24", [load, held, slope])
    assert descriptors[1] <= descriptors[0]
    assert threads[1] <= threads[0]
    assert max(holding.pool for holding in seen.holdings) <= POOL
    assert seen.slope < 5
