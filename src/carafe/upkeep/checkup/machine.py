"""Whether the machine has room and knows the time."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta

from carafe.registry import Query, Registry
from carafe.registry.query import Sort
from carafe.upkeep.checkup.finding import Finding, Findings, Order, State

LITTLE = 1024**3
"""Bytes that should be free, or 5 % of the disk where that is less."""

FEW = 64 * 1024**2
"""Bytes without which hardly anything can be published."""

AHEAD = timedelta(minutes=5)
"""How far clocks of several machines may be apart without anybody caring."""


def check_space(order: Order) -> Findings:
    """Find out how much room there is on the home's disk."""
    usage = shutil.disk_usage(order.settings.home)
    says = f"{usage.free / 1024**3:.1f} GiB of {usage.total / 1024**3:.1f} GiB are free on the home's disk"
    if usage.free >= min(LITTLE, usage.total // 20):
        yield Finding(check="space", state=State.OK, says=says)
    else:
        state = State.PROBLEM if usage.free < FEW else State.WARNING
        yield Finding(check="space", state=state, says=says, advice="make room: without it nothing can be published")


def check_clock(registry: Registry) -> Findings:
    """Find out whether something happened in the future."""
    latest = registry.versions(Query(size=1, sort=Sort.CREATED, descending=True)).items
    now = datetime.now(UTC)
    if latest and latest[0].created > now + AHEAD:
        yield Finding(
            check="clock",
            state=State.WARNING,
            says=f"{latest[0]} was published at {latest[0].created:%Y-%m-%d %H:%M} UTC, which is yet to come",
            advice="set this machine's clock, and those of others that publish",
        )
    else:
        yield Finding(check="clock", state=State.OK, says="nothing happened in the future")
