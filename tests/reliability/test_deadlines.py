"""What nobody waits for any more never reaches a model. Hardening 17."""

from __future__ import annotations

from pathlib import Path

import pytest

from reliability.flood import flood
from reliability.report import report
from reliability.stand import ROW, Stand, standing

pytestmark = pytest.mark.xdist_group("overload")

PATH = "/models/{}/predict"


def overdue(stand: Stand, rule: str, *, rate: float, seconds: float, timeout: str) -> str:
    """Ask more than a model can do, with little time; return what was seen. Each call must have found its client."""
    port, before = stand.server.port, stand.calls(rule)
    seen = flood(port, PATH.format(rule), ROW, rate=rate, seconds=seconds, timeout=timeout)
    calls, answered = stand.calls(rule) - before, seen.statuses[200]
    assert set(seen.statuses) <= {200, 503, 504}, seen.statuses
    assert seen.statuses[504] > 0
    assert 0 < calls <= answered if rule == "gathered" else calls == answered
    return (
        f"{len(seen.outcomes):,} requests with {timeout} each, {TOLD[rule]}: {answered:,} answered, "
        f"{seen.statuses[503]:,} refused, {seen.statuses[504]:,} told that their time was over, 99 % of these within "
        f"{1000 * seen.percentile(0.99, 504):.0f} ms; {calls:,} calls of the model, none beyond the answers."
    )


TOLD = {
    "sleeping": "to a model that is asked row by row, 20 ms each",
    "gathered": "to a model that is asked in batches, 500 ms each",
}


def test_a_request_whose_time_passes_while_it_waits_is_told_so_and_never_reaches_the_model(tmp_path: Path) -> None:
    with standing(tmp_path, "sleeping") as stand:
        flood(stand.server.port, PATH.format("sleeping"), ROW, rate=20, seconds=0.2)  # loads it
        overdue(stand, "sleeping", rate=250, seconds=1, timeout="60ms")
        before = stand.calls("sleeping")
        seen = flood(stand.server.port, PATH.format("sleeping"), ROW, rate=100, seconds=1, timeout="0")
        assert set(seen.statuses) == {504}
        assert stand.calls("sleeping") == before


@pytest.mark.long
def test_under_ten_times_the_capacity_every_call_of_the_model_has_a_client_that_waits(tmp_path: Path) -> None:
    lines = []
    for rule, rate in {"sleeping": 1000, "gathered": 2000}.items():
        with standing(tmp_path / rule, rule) as stand:
            flood(stand.server.port, PATH.format(rule), ROW, rate=20, seconds=0.5)
            lines += [overdue(stand, rule, rate=rate, seconds=8, timeout=timeout) for timeout in ("100ms", "0.5")]
            before = stand.calls(rule)
            seen = flood(stand.server.port, PATH.format(rule), ROW, rate=500, seconds=4, timeout="0")
            assert set(seen.statuses) == {504}
            assert stand.calls(rule) == before
            lines.append(f"{len(seen.outcomes):,} requests with no time at all, {TOLD[rule]}: 0 calls.")
    report("17", lines)
