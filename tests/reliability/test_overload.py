"""More than a server can do: it goes on with what it can and turns the rest away at once. Hardening 16."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from reliability.flood import Probe, Seen, flood, press
from reliability.processes import Holding
from reliability.report import report
from reliability.stand import ROW, Stand, standing

pytestmark = pytest.mark.xdist_group("overload")

MIB = 1024**2
BUSY = {"alone": 2, "sleeping": 2, "gathered": 128, "together": 128}
"""Over how many connections each kind of slow model is asked to find out what it can do: as many as it works for."""


def capacity(stand: Stand, rule: str, *, seconds: float) -> float:
    """Return how many requests a second a model answers when nobody asks too much."""
    press(stand.server.port, path(rule), ROW, connections=BUSY[rule], seconds=seconds / 4)
    seen = press(stand.server.port, path(rule), ROW, connections=BUSY[rule], seconds=seconds)
    assert set(seen.statuses) == {200}, seen.statuses
    return seen.useful


def path(rule: str) -> str:
    return f"/models/{rule}/predict"


def is_orderly(seen: Seen) -> None:
    """Check that every request had an answer, and that each refusal says when to ask again."""
    assert set(seen.statuses) <= {200, 503}, seen.statuses
    assert all(one.retry for one in seen.outcomes if one.status == 503)


def test_more_than_a_slow_model_can_do_leaves_it_busy_and_everything_else_in_reach(tmp_path: Path) -> None:
    rule = "alone"
    with standing(tmp_path, rule, "quick") as stand:
        most = capacity(stand, rule, seconds=1)
        port = stand.server.port
        with Probe(port) as health, Probe(port, "/models/quick") as other:
            seen = flood(port, path(rule), ROW, rate=max(200, 4 * most), seconds=1.5)
        is_orderly(seen)
        assert seen.statuses[503] > 0
        assert seen.useful > most / 4
        assert set(health.statuses) == set(other.statuses) == {200}
        assert press(port, path(rule), ROW, connections=1, seconds=0.3).statuses[200] > 0


def test_many_rows_in_short_bodies_are_no_way_around_the_bounds(tmp_path: Path) -> None:
    body = b"[" + b",".join([b"[50,3]"] * 200) + b"]"
    assert len(body) < 10_000
    with standing(tmp_path, "together") as stand, Probe(stand.server.port) as health:
        seen = press(stand.server.port, path("together"), body, connections=120, seconds=1)
    is_orderly(seen)
    assert seen.statuses[200] > 0
    assert seen.statuses[503] > 0
    assert set(health.statuses) == {200}


def test_a_slow_model_takes_no_place_from_a_quick_one(tmp_path: Path) -> None:
    with standing(tmp_path, "sleeping", "quick") as stand, Probe(stand.server.port, "/health/ready") as health:
        port = stand.server.port
        flood(port, path("sleeping"), ROW, rate=300, seconds=0.5)
        seen = flood(port, path("quick"), ROW, rate=50, seconds=1)
        assert set(seen.statuses) == {200}
    assert set(health.statuses) == {200}


@dataclass(frozen=True)
class Level:
    """How a server did at a multiple of what it can do."""

    factor: int
    most: float
    seen: Seen
    health: Probe
    recovered: float
    """How many seconds after the end a request had been answered."""

    def is_met(self) -> bool:
        """Tell whether everything is as it must be."""
        return (
            self.seen.useful >= USEFUL[self.factor] * self.most
            and self.seen.percentile(0.99, 503) < 0.05
            and self.health.within(0.99) < 0.1
            and set(self.health.statuses) == {200}
            and self.recovered < 5
        )

    def told(self, rule: str) -> str:
        """Return the story of it."""
        seen, health = self.seen, self.health
        return (
            f"{TOLD[rule]}, {self.factor} times its {self.most:,.0f} requests a second, of which {seen.rate:,.0f} "
            f"could be sent: {100 * seen.useful / self.most:.0f} % of capacity answered (allowed: "
            f"{100 * USEFUL[self.factor]:.0f}); {seen.statuses[503]:,} refusals, 99 % of them within "
            f"{1000 * seen.percentile(0.99, 503):.0f} ms (50); `/health/live` 99 % within "
            f"{1000 * health.within(0.99):.0f} ms (100), always 200: {set(health.statuses) == {200}}; the next answer "
            f"{1000 * self.recovered:.0f} ms after the end (5,000)."
        )


def overloaded(stand: Stand, rule: str, *, factor: int, most: float) -> Level:
    port = stand.server.port
    with Probe(port) as health:
        seen = flood(port, path(rule), ROW, rate=factor * most, seconds=8)
    began = time.monotonic()
    press(port, path(rule), ROW, connections=1, seconds=0.1)
    is_orderly(seen)
    return Level(factor, most, seen, health, time.monotonic() - began)


@pytest.mark.long
def test_at_two_five_and_ten_times_its_capacity_a_server_stays_useful(tmp_path: Path) -> None:
    lines, missed = [], []
    for rule in TOLD:
        with standing(tmp_path / rule, rule) as stand:
            most = capacity(stand, rule, seconds=8)
            before = Holding.of(stand.server.workers).memory
            for factor in USEFUL:
                level = overloaded(stand, rule, factor=factor, most=most)
                lines.append(level.told(rule))
                print(lines[-1], flush=True)  # noqa: T201 - a long test that is watched
                if not level.is_met():
                    missed.append((rule, factor))
            grown = (Holding.of(stand.server.workers).memory - before) / MIB
            lines.append(f"Memory after all three grew by {grown:.0f} MiB.")
            assert grown < 200
    report("16", lines)
    assert missed == []


USEFUL = {2: 0.9, 5: 0.85, 10: 0.8}
"""What share of its capacity must be answered at which multiple of it."""

TOLD = {
    "alone": "A model that takes 20 ms, keeps the interpreter busy and is asked row by row",
    "sleeping": "A model that takes 20 ms, lets others run and is asked row by row",
    "gathered": "A model that takes 500 ms for any number of rows, keeps the interpreter busy and is asked in batches",
    "together": "A model that takes 20 ms for any number of rows, keeps the interpreter busy and is asked in batches",
}
