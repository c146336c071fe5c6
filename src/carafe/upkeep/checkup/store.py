"""Whether what holds the files of versions can be asked, before copies on this machine answer in its place."""

from __future__ import annotations

from carafe.registry import Registry
from carafe.upkeep.checkup.finding import Finding, Findings, State

CHECK = "store"


def check_store(registry: Registry) -> Findings:
    """Find out how much is in the store.

    Raises:
        StorageUnavailable: when it can't be asked.
    """
    kept = len(registry.artefacts.survey().kept)
    yield Finding(check=CHECK, state=State.OK, says=f"it answers, and has the files of {kept} versions")
