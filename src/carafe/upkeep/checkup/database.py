"""Whether the database is whole, and of today's revision."""

from __future__ import annotations

from carafe.database import Database, open_database
from carafe.database.integrity import faults
from carafe.database.upgrade import REVISIONS, found_revision
from carafe.upkeep.checkup.finding import Finding, Findings, Order, State

CHECK = "database"


def check_revision(order: Order) -> Findings:
    """Find out whether opening the home would upgrade it; ``--repair`` lets it."""
    if order.settings.database_url is not None:
        yield Finding(
            check="revision", state=State.SKIPPED, says="a database on a server is upgraded by whoever opens it"
        )
        return
    revision = found_revision(order.settings.home)
    if revision not in REVISIONS[:-1]:  # a newer one, opening refuses
        yield Finding(check="revision", state=State.OK, says=f"the database has revision {revision}")
    elif order.repair:
        open_database(order.settings.home).close()
        yield Finding(
            check="revision", state=State.MENDED, says=f"the database was of revision {revision}; it is upgraded"
        )
    else:
        yield Finding(
            check="revision",
            state=State.PROBLEM,
            says=f"the database has revision {revision}, this Carafe's is {REVISIONS[-1]}; the rest was not looked at",
            advice="start the service, or run `carafe doctor --repair`: both upgrade it",
        )


def check_integrity(database: Database) -> Findings:
    """Find faults in the file, and rows that refer to rows that are not there."""
    found = faults(database)
    if found is None:
        yield Finding(check=CHECK, state=State.SKIPPED, says="the server watches over its files itself")
    elif found:
        yield Finding(
            check=CHECK,
            state=State.PROBLEM,
            says="; ".join(found[:3]),
            advice="stop the service, keep a copy of the home, and restore it from a backup",
        )
    else:
        yield Finding(check=CHECK, state=State.OK, says="every page is whole, and every reference leads somewhere")
