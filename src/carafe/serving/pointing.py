"""What an alias points at, loaded as a whole: one version, or all those that share its requests or are asked along."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from carafe.errors import CarafeError, DeadlineExceeded, ModelTooLarge, NotFound
from carafe.registry import Registry, Traffic, Version
from carafe.schema import ModelRef
from carafe.schema.exchange import CHAMPION
from carafe.serving.loading import Loader
from carafe.serving.misfits import Misfits
from carafe.serving.observers import Observers
from carafe.serving.readiness import Fault
from carafe.serving.served import Served
from carafe.serving.split import Split

FEW = 4
"""So many aliases are looked up one by one; for more the list of all models, a thousand a look, is cheaper."""

Target = Served | Split
"""What answers for an alias: one version, or several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointed:
    """What an alias points at, and what of it can't be loaded."""

    target: Target | None
    """None where it has to stay as it is, because a version that should answer can't be loaded."""
    fault: Fault | None = None
    """The first version that can't be loaded."""


def main_of(target: Target) -> Served:
    """Return the version that answers where only one can."""
    return target.main if isinstance(target, Split) else target


def versions_of(target: Target) -> tuple[Served, ...]:
    """Return every version that a target needs."""
    return target.versions if isinstance(target, Split) else (target,)


def traffic_of(refs: Collection[ModelRef], *, registry: Registry) -> dict[ModelRef, Traffic]:
    """Return what aliases point at now; those that there are not (any more) are left out.

    Raises:
        StorageUnavailable: when the registry can't be read.
    """
    found: dict[ModelRef, Traffic] = {}
    if len(refs) <= FEW:
        for ref in refs:
            with suppress(NotFound):
                found[ref] = registry.alias(ref.name, ref.alias or CHAMPION).traffic
        return found
    wanted = set(refs)
    for model in registry.every_model():
        for alias in model.aliases:
            ref = ModelRef(name=model.name, alias=alias.name)
            if ref in wanted:
                found[ref] = alias.traffic
    return found


class Pointing:
    """Finds out what aliases point at, and loads it.

    Args:
        registry: has the versions.
        loader: loads those that are not.
        fit: raises ModelTooLarge where an alias can't have all of some versions loaded at once.
        observers: are told of versions that do not fit beside the others of an alias.
        clock: seconds on a clock that never goes back.
    """

    def __init__(
        self,
        *,
        registry: Registry,
        loader: Loader,
        fit: Callable[[ModelRef, Sequence[Version]], None],
        observers: Observers,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._registry = registry
        self._loader = loader
        self._fit = fit
        self._misfits = Misfits(observers, clock=clock)

    def point(
        self,
        ref: ModelRef,
        traffic: Traffic,
        *,
        old: Target | None,
        until: float | None = None,
        shadows: bool = True,
    ) -> Pointed:
        """Return what an alias points at, with every version loaded.

        Where something answers already, it goes on until all versions that are to answer in its place are loaded. Where
        nothing does, the main version is enough: it answers for those that can't be loaded, or not beside it. A shadow
        that can't be loaded is left out.

        Args:
            ref: the alias.
            traffic: what the registry says that it points at.
            old: what answers now.
            until: the moment at which to give up waiting for a load; None where a request waits.
            shadows: whether those are loaded, too.

        Raises:
            NotFound: when a version was deleted while this looked.
            StorageUnavailable: when the registry can't be read.
            DeadlineExceeded: when the time is over that the client gave, before the versions are loaded.
        """
        if _answers(old, traffic):
            self._misfits.settle(ref)
            return Pointed(target=old)
        versions = self._versions(ref, traffic, shadows=shadows)
        unfit = self._unfit(ref, versions)
        # What answers goes on where its successors don't all fit: then none of them is loaded.
        in_vain = [number for number in unfit if old and traffic.percent(number)]
        loaded: dict[int, Served] = {}
        fault: Fault | None = None
        for number in in_vain or versions:
            try:
                if number in unfit:
                    self._misfits.refuse(ref, number, unfit[number])
                    raise unfit[number]
                loaded[number] = self._loader.load(versions[number], until=until)
            except (NotFound, DeadlineExceeded):
                raise
            except CarafeError as error:
                answering = main_of(old).number if old else loaded[traffic.main].number if loaded else None
                fault = fault or Fault(ref=ref, wanted=number, answering=answering, error=error)
                if number == traffic.main or (old and traffic.percent(number)):
                    return Pointed(target=None, fault=fault)
        if not unfit:
            self._misfits.settle(ref)
        return Pointed(target=_target(ref, traffic, loaded), fault=fault)

    def _versions(self, ref: ModelRef, traffic: Traffic, *, shadows: bool) -> dict[int, Version]:
        """Return the versions that an alias points at by their numbers, the main one first."""
        numbers = traffic.numbers if shadows else [share.version for share in traffic.shares]
        return {number: self._registry.resolve(ModelRef(name=ref.name, version=number)) for number in numbers}

    def _unfit(self, ref: ModelRef, versions: Mapping[int, Version]) -> dict[int, CarafeError]:
        """Return why those versions can't be loaded that don't fit beside the ones before them.

        Were they loaded, they would drive each other out, and each request would load them anew.
        """
        unfit: dict[int, CarafeError] = {}
        fitting: list[Version] = []
        for number, version in versions.items():
            try:
                if fitting:  # whether one alone fits is checked when it is loaded
                    self._fit(ref, [*fitting, version])
                fitting.append(version)
            except ModelTooLarge as error:
                unfit[number] = error
        return unfit


def _answers(old: Target | None, traffic: Traffic) -> bool:
    """Tell whether what answers now is all that an alias points at."""
    if isinstance(old, Split):
        return old.traffic == traffic and len(old.versions) == len(traffic.numbers)
    return old is not None and traffic.whole and not traffic.shadows and old.number == traffic.main


def _target(ref: ModelRef, traffic: Traffic, loaded: Mapping[int, Served]) -> Target:
    """Return what answers for an alias of the versions that are loaded."""
    if traffic.whole and not traffic.shadows:
        return loaded[traffic.main]
    return Split(
        ref=ref,
        traffic=traffic,
        main=loaded[traffic.main],
        answering=tuple(loaded[share.version] for share in traffic.shares if share.version in loaded),
        shadows=tuple(loaded[number] for number in traffic.shadows if number in loaded),
    )
