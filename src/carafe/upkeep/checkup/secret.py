"""Whether the home's secret is there; whether it is the home's, opening the home finds out."""

from __future__ import annotations

from carafe.access.secret import FILE, SIZE
from carafe.upkeep.checkup.finding import Finding, Findings, Order, State

CHECK = "secret"


def check_secret(order: Order) -> Findings:
    """Find out whether there is a secret, before anything could make a new one in its place."""
    if order.settings.secret is not None:
        yield Finding(check=CHECK, state=State.OK, says="comes with the settings")
        return
    file = order.settings.home / FILE
    if file.exists() and file.stat().st_size == SIZE:
        yield Finding(check=CHECK, state=State.OK, says=f"{FILE} is there")
        return
    yield Finding(
        check=CHECK,
        state=State.PROBLEM,
        says=f"{FILE} is {'not a secret' if file.exists() else 'gone'}: no model can be verified and no key works",
        advice=f"bring {FILE} back from a backup, or from a machine that shares the database",
    )
