"""Following the registry: load what is new beside what is old, and let it answer once it is there."""

from __future__ import annotations

import time
from collections.abc import Iterable

from carafe.errors import CarafeError, NotFound, StillLoading
from carafe.registry import Registry, Traffic
from carafe.schema import ModelRef
from carafe.schema.exchange import CHAMPION
from carafe.serving.faults import Faults
from carafe.serving.kept import Kept
from carafe.serving.loading import Loader
from carafe.serving.observers import Observers
from carafe.serving.pointing import Pointing, Target, main_of, traffic_of, versions_of
from carafe.serving.readiness import Fault

PATIENCE = 0.5
"""How many seconds one look waits for the loads that it began; what takes longer is found by a later look."""


class Following:
    """Lets aliases answer with what the registry says. One thread at a time may ask it to.

    ``generation`` is the registry's at the last look that missed nothing; None where another look is needed.
    """

    def __init__(
        self,
        *,
        registry: Registry,
        loader: Loader,
        pointing: Pointing,
        kept: Kept,
        faults: Faults,
        observers: Observers,
    ) -> None:
        self._registry = registry
        self._loader = loader
        self._pointing = pointing
        self._kept = kept
        self._faults = faults
        self._observers = observers
        self.generation: int | None = None

    def look_again(self) -> None:
        """Let the next look read everything, whether or not the registry changed."""
        self.generation = None

    def look(self, *, retry: bool) -> None:
        """Follow the registry where it changed.

        Args:
            retry: whether what failed is to be tried again although nothing changed; what is still being loaded always
                is.

        Raises:
            StorageUnavailable: when the registry can't be read.
        """
        generation = self._registry.generation()
        if generation == self.generation:
            self.follow(self._faults.refs() if retry else self._faults.loading())
            return
        self.generation = generation
        self.follow([*self._kept.targets.refs(), *self._faults.refs(), *self._kept.pinned])
        for served in self._kept.unpointed():
            try:
                self._registry.resolve(served.ref)
            except NotFound:
                self._kept.shelf.drop(served)

    def follow(self, refs: Iterable[ModelRef]) -> list[ModelRef]:
        """Let references answer with what they mean now, and return those whose loads still go on.

        The first pass waits for nothing, so that all loads have begun before the second waits for any; and that one
        waits only for loads that are new, so that a slow one holds up no look but the first.

        Raises:
            StorageUnavailable: when the registry can't be read.
        """
        left = list(dict.fromkeys(refs))
        if not left:
            return left
        generation = self._registry.generation()
        traffic = traffic_of([ref for ref in left if ref.version is None], registry=self._registry)
        before, self._kept.held = self._kept.held, stable_versions(self._registry)
        slow, until = self._faults.loading(), time.monotonic()
        left = [ref for ref in left if not self._try(ref, traffic.get(ref), until=until, quiet=ref not in slow)]
        until = time.monotonic() + PATIENCE
        left = [ref for ref in left if ref in slow or not self._try(ref, traffic.get(ref), until=until, quiet=False)]
        self._let_go(before - self._kept.held)
        if self._registry.generation() != generation:  # something was read before it changed: look again
            self.look_again()
        return left

    def _try(self, ref: ModelRef, traffic: Traffic | None, *, until: float, quiet: bool) -> bool:
        """Let a reference answer with what it means now; where that can't be loaded, keep what it has.

        Args:
            ref: an alias or a version.
            traffic: what the alias points at; None for a version, and where there was no such alias.
            until: when to give up waiting for a load.
            quiet: whether a load that goes on is nothing to speak of yet.

        Returns:
            False where a load goes on.
        """
        old, generation = self._kept.targets.find(ref), self.generation
        new: Target | None = None
        try:
            fault = None
            if ref.version is not None:
                self._loader.load(self._registry.resolve(ref), until=until)
            else:
                traffic = traffic or self._registry.alias(ref.name, ref.alias or CHAMPION).traffic
                pointed = self._pointing.point(ref, traffic, old=old, until=until)
                new, fault = pointed.target, pointed.fault
        except NotFound as error:
            if self._registry.generation() == generation:  # else a version may have been deleted between two looks
                self._lose(ref, error)
            else:
                self.look_again()
            return True
        except CarafeError as error:
            answering = None if old is None else main_of(old).number
            fault = Fault(ref=ref, wanted=ref.version, answering=answering, error=error)
        loading = fault is not None and isinstance(fault.error, StillLoading)
        if loading and quiet:
            return False
        self._faults.note(ref, fault)
        if new is not None:
            self._swap(ref, old, self._kept.answer(ref, new))
        return not loading

    def _let_go(self, released: frozenset[tuple[str, int]]) -> None:
        """Forget what was kept for rollouts that have ended, now that every alias answers with what it points at."""
        for served in self._kept.unpointed() if released else ():
            if (served.name, served.number) in released:
                self._kept.let_go(served)

    def _lose(self, ref: ModelRef, error: NotFound) -> None:
        """Let nothing answer for a reference that there is not; where it is pinned, somebody wants to know."""
        self._kept.targets.forget(ref)
        pinned = ref in self._kept.pinned
        self._faults.note(ref, Fault(ref=ref, wanted=ref.version, answering=None, error=error) if pinned else None)

    def _swap(self, ref: ModelRef, old: Target | None, new: Target) -> None:
        """Tell that another version answers, where one does, and let go of those that nothing needs any more."""
        if old is None or old is new:
            return
        before, after = main_of(old), main_of(new)
        if before is not after:
            self._observers.tell(lambda observer: observer.swapped(str(ref), before, after))
        for served in set(versions_of(old)).intersection(self._kept.unpointed()):
            self._kept.let_go(served)


def stable_versions(registry: Registry) -> frozenset[tuple[str, int]]:
    """Return the versions, by name and number, that rollouts which go on turn back to.

    At its last step no alias points at the stable version; it stays loaded so that turning back takes no load.
    """
    return frozenset((rollout.name, rollout.stable) for rollout in registry.rollouts.active())
