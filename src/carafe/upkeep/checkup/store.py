"""Whether what holds the files of versions can be asked, before copies on this machine answer in its place."""

from __future__ import annotations

from carafe.registry import Registry
from carafe.registry.store_owned import OwnedArtefacts
from carafe.upkeep.checkup.finding import Finding, Findings, State, counted

CHECK = "store"


def check_store(registry: Registry) -> Findings:
    """Find out how much is in the store, and whether a place that others can name is this registry's.

    Raises:
        StorageUnavailable: when it can't be asked, or is not the one that the database knows.
    """
    whose = ""
    if isinstance(registry.artefacts, OwnedArtefacts):
        marked = registry.artefacts.ownership.check()
        whose = "bears this registry's mark, " if marked else "is marked as this registry's with the first files, "
    kept = counted(len(registry.artefacts.survey().kept), "version", "versions")
    yield Finding(check=CHECK, state=State.OK, says=f"it answers, {whose}and has the files of {kept}")
