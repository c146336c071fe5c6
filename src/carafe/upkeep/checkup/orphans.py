"""Files that no version refers to, and files that were put aside."""

from __future__ import annotations

from contextlib import suppress

from carafe.errors import StorageUnavailable
from carafe.registry import Registry
from carafe.upkeep.checkup.finding import Finding, Findings, Order, State, counted
from carafe.upkeep.checkup.versions import CHECK as VERSIONS

CHECK = "orphans"


def check_orphans(order: Order, registry: Registry) -> Findings:
    """Find what a crash left in the artefact store. What belongs to a version is never touched."""
    well = True
    for finding in _found(order, registry):
        well = False
        yield finding
    if well:
        yield Finding(check=CHECK, state=State.OK, says="every file belongs to a version")


def _found(order: Order, registry: Registry) -> Findings:
    """Find whatever is not the files of a version, where they should be."""
    found = registry.artefacts.survey()
    known = registry.metadata.artefacts()  # after the survey: what was published in between is known
    if order.repair and (found.kept - known or found.aside or found.staging):
        yield from _mend(registry)
        found = registry.artefacts.survey()
        known = registry.metadata.artefacts()
    if left := found.kept - known:
        yield _left(len(left), known=bool(known), repaired=order.repair)
    if aside := found.aside & known:
        yield Finding(
            check=CHECK,
            state=State.WARNING,
            says=f"the files of {counted(len(aside), 'version', 'versions')} were damaged and put aside",
            advice=f"see {VERSIONS}; what was put aside of a version goes when that is deleted",
        )
    if aside := found.aside - known:
        advice = "then run `carafe doctor --repair`" if known else "they stay while the database knows no version"
        yield Finding(
            check=CHECK,
            state=State.WARNING,
            says=f"put aside as damaged: {counted(len(aside), 'artefact', 'artefacts')} that no version refers to",
            advice=f"look there if you want to know why; {advice}",
        )
    if found.staging:
        folders = counted(found.staging, "staging folder", "staging folders")
        yield Finding(
            check=CHECK,
            state=State.WARNING if order.repair else State.OK,
            says=f"{folders}: somebody is publishing, or a crash left that to the next who does",
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
        artefacts = counted(removed, "artefact", "artefacts")
        staging = counted(folders, "staging folder", "staging folders")
        says = f"removed {artefacts} that no version refers to, and {staging}"
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
        artefacts = counted(count, "artefact", "artefacts")
        return Finding(
            check=CHECK,
            state=State.WARNING,
            says=f"no version refers to {artefacts}: left by a crash, or being published now",
            advice="carafe doctor --repair; the next publication and the next start of a service collect that, too",
        )
    left = counted(
        count, "artefact that no version refers to was left", "artefacts that no version refers to were left"
    )
    return Finding(
        check=CHECK,
        state=State.WARNING,
        says=f"{left}: somebody is publishing, too young to be given up, or older than everything in the database",
        advice="run it again when nobody publishes; old ones are those of another database",
    )
