"""The whole checkup, in the order in which one thing depends on another."""

from __future__ import annotations

from contextlib import closing

from carafe.access import open_home
from carafe.errors import CarafeError
from carafe.registry import open_registry
from carafe.upkeep.checkup.aliases import check_aliases
from carafe.upkeep.checkup.database import check_integrity, check_revision
from carafe.upkeep.checkup.extras import check_extras
from carafe.upkeep.checkup.finding import Finding, Findings, Order, State
from carafe.upkeep.checkup.leftovers import check_leftovers
from carafe.upkeep.checkup.machine import check_clock, check_space
from carafe.upkeep.checkup.orphans import check_orphans
from carafe.upkeep.checkup.permissions import check_permissions
from carafe.upkeep.checkup.secret import check_secret
from carafe.upkeep.checkup.store import check_store
from carafe.upkeep.checkup.versions import check_versions
from carafe.upkeep.place import check_home


def examine(order: Order) -> Findings:
    """Look at a home, and yield what is found as it is found; services may be running.

    Nothing that a version, an alias or a key refers to is ever deleted. Without ``repair`` nothing is changed.
    """
    try:
        check_home(order.settings)
        yield from check_permissions(order)
        yield from check_leftovers(order)
        yield from check_space(order)
        for check in (check_secret, check_revision):
            for finding in check(order):
                yield finding
                if finding.state is State.PROBLEM:
                    return
        yield from _inside(order)
    except (CarafeError, OSError) as error:
        yield _failed("home", error, left="the rest was not looked at; ")


def _inside(order: Order) -> Findings:
    """Look at what only an open home shows."""
    with closing(open_home(order.settings)) as home:
        yield Finding(check="home", state=State.OK, says="it opens, and its secret is its own")
        yield from check_integrity(home.database)
    try:
        registry = open_registry(order.settings)
    except (CarafeError, OSError) as error:
        yield _failed("store", error, left="versions were not looked at; ")
        return
    with closing(registry):
        yield from _in_turn(
            ("history", check_aliases(order, registry)),
            ("clock", check_clock(registry)),
            ("store", check_store(registry)),
            ("versions", check_versions(order, registry)),
            ("libraries", check_extras(registry)),
            ("orphans", check_orphans(order, registry)),
        )


def _in_turn(*checks: tuple[str, Findings]) -> Findings:
    """Yield what the checks find, up to one that can't look: those behind it would only say the same."""
    names = [name for name, _ in checks]
    for number, (name, findings) in enumerate(checks, start=1):
        try:
            yield from findings
        except (CarafeError, OSError) as error:
            left = f"not looked at: {', '.join(names[number:])}; " if names[number:] else ""
            yield _failed(name, error, left=left)
            return


def _failed(check: str, error: CarafeError | OSError, *, left: str) -> Finding:
    says = f"it can't be read ({error.strerror})" if isinstance(error, OSError) else str(error)
    return Finding(check=check, state=State.PROBLEM, says=says, advice=f"{left}mend this first, then run it again")
