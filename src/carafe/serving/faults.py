"""What stands in the way of an answer: versions that can't be loaded, and a registry that can't be read."""

from __future__ import annotations

import logging

from carafe.errors import CarafeError, StillLoading, StorageUnavailable
from carafe.schema import ModelRef
from carafe.serving.afresh import afresh
from carafe.serving.readiness import Fault

_LOG = logging.getLogger("carafe.serving")


class Faults:
    """The faults of a process, one an alias. Each is logged when it is new, not as often as it is met."""

    def __init__(self) -> None:
        self._known: dict[ModelRef, Fault] = {}
        self.registry: CarafeError | None = None
        """Why the registry could not be read when it was last looked at."""

    def all(self) -> tuple[Fault, ...]:
        """Return every fault."""
        return tuple(self._known.values())

    def refs(self) -> list[ModelRef]:
        """Return the references that have one."""
        return list(self._known)

    def loading(self) -> set[ModelRef]:
        """Return the references whose fault may be over any moment, because a load goes on."""
        return {fault.ref for fault in self.all() if isinstance(fault.error, StillLoading)}

    def note(self, ref: ModelRef, fault: Fault | None) -> None:
        """Remember what is wrong with a reference; None where nothing is any more."""
        known = self._known.pop(ref, None) if fault is None else self._known.get(ref)
        if fault is None:
            return
        self._known[ref] = fault
        if known is None or (known.wanted, known.error.slug) != (fault.wanted, fault.error.slug):
            level = logging.WARNING if isinstance(fault.error, StillLoading) else logging.ERROR
            _LOG.log(level, "%s %s: %s", ref, _told(fault), fault.error)

    def note_unreadable(self, error: Exception) -> None:
        """Remember that the registry can't be read."""
        if self.registry is None:
            _LOG.error("the registry can't be read: %s", error)
        self.registry = (
            afresh(error) if isinstance(error, CarafeError) else StorageUnavailable("the registry can't be read")
        )


def _told(fault: Fault) -> str:
    """Return what a fault means for whoever asks, as far as it is known which version should answer."""
    if fault.wanted is not None:
        return f"can't answer with version {fault.wanted}"
    if fault.answering is not None:
        return f"goes on with version {fault.answering}, for what should answer now can't be found out"
    return "can't answer"
