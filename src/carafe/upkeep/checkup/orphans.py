"""Files that no version refers to, and files that were put aside."""

from __future__ import annotations

from contextlib import suppress

from carafe.errors import StorageUnavailable
from carafe.registry import Registry
from carafe.upkeep.checkup.finding import Finding, Findings, Order, State

CHECK = "orphans"


def check_orphans(order: Order, registry: Registry) -> Findings:
    """Find what a crash left in the artefact store. What belongs to a version is never touched."""
    found = registry.artefacts.survey()
    known = registry.metadata.artefacts()  # after the survey: what was published in between is known
    if not found.kept - known and not found.aside and not found.staging:
        yield Finding(check=CHECK, state=State.OK, says="every file belongs to a version")
        return
    if order.repair:
        yield from _mend(registry)
        found = registry.artefacts.survey()
        known = registry.metadata.artefacts()
    if left := found.kept - known:
        yield _left(len(left), known=bool(known), repaired=order.repair)
    if aside := found.aside - known:
        advice = "then run `carafe doctor --repair`" if known else "they stay while the database knows no version"
        yield Finding(
            check=CHECK,
            state=State.WARNING,
            says=f"{len(aside)} damaged artefacts of versions that it does not know were put aside",
            advice=f"look at them if you want to know why; {advice}",
        )
    if found.staging:
        yield Finding(
            check=CHECK,
            state=State.WARNING if order.repair else State.OK,
            says=f"{found.staging} staging folders: somebody is publishing, or a crash left them to the next who does",
        )


def _mend(registry: Registry) -> Findings:
    before = registry.artefacts.survey()
    registry.tidy()
    with suppress(StorageUnavailable), registry.artefacts.staging():  # empties staging when it is the only one
        pass
    if known := registry.metadata.artefacts():  # else the database was lost, or is another one
        for artefact in before.aside - known:
            registry.artefacts.remove(artefact)
    after = registry.artefacts.survey()
    removed = sum(len(was - now) for was, now in ((before.kept, after.kept), (before.aside, after.aside)))
    folders = max(0, before.staging - after.staging)
    if removed or folders:
        says = f"removed {removed} artefacts that no version refers to, and {folders} staging folders"
        yield Finding(check=CHECK, state=State.MENDED, says=says)


def _left(count: int, *, known: bool, repaired: bool) -> Finding:
    if not known:
        return Finding(
            check=CHECK,
            state=State.PROBLEM,
            says=f"the database knows no version, but there are files of {count}: it was lost, or is another one",
            advice="nothing was deleted; restore the home from a backup, or set CARAFE_DATABASE_URL to its database",
        )
    if not repaired:
        return Finding(
            check=CHECK,
            state=State.WARNING,
            says=f"no version refers to {count} artefacts: a crash left them, or they are being published now",
            advice="carafe doctor --repair; the next publication and the next start of a service collect them, too",
        )
    return Finding(
        check=CHECK,
        state=State.WARNING,
        says=f"{count} artefacts that no version refers to were left: somebody is publishing, they are too young to be "
        "given up, or they are older than everything in the database",
        advice="run it again when nobody publishes; old ones are those of another database",
    )
