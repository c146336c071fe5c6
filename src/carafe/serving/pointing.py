"""What an alias points at, loaded as a whole: one version, or all those that share its requests or are asked along."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass

from carafe.errors import CarafeError, DeadlineExceeded, NotFound
from carafe.registry import Query, Registry, Traffic
from carafe.registry.query import MAX_SIZE
from carafe.schema import ModelRef
from carafe.schema.exchange import CHAMPION
from carafe.serving.loading import Loader
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
    wanted, number = set(refs), 1
    while True:
        page = registry.models(Query(page=number, size=MAX_SIZE))
        for model in page.items:
            for alias in model.aliases:
                ref = ModelRef(name=model.name, alias=alias.name)
                if ref in wanted:
                    found[ref] = alias.traffic
        if number * MAX_SIZE >= page.total:
            return found
        number += 1


def point(
    ref: ModelRef,
    traffic: Traffic,
    *,
    registry: Registry,
    loader: Loader,
    old: Target | None,
    until: float | None = None,
    shadows: bool = True,
) -> Pointed:
    """Return what an alias points at, with every version loaded.

    Where something answers already, it goes on until all versions that are to answer in its place are loaded. Where
    nothing does, the main version is enough: it answers for those that can't be loaded. A shadow that can't be loaded
    is left out.

    Args:
        ref: the alias.
        traffic: what the registry says that it points at.
        registry: has the versions.
        loader: loads those that are not.
        old: what answers now.
        until: the moment at which to give up waiting for a load; None where a request waits.
        shadows: whether those are loaded, too.

    Raises:
        NotFound: when a version was deleted while this looked.
        StorageUnavailable: when the registry can't be read.
        DeadlineExceeded: when the time is over that the client gave, before the versions are loaded.
    """
    plain = traffic.whole and not traffic.shadows
    if plain and isinstance(old, Served) and old.number == traffic.main:
        return Pointed(target=old)
    if isinstance(old, Split) and old.traffic == traffic and len(old.versions) == len(traffic.numbers):
        return Pointed(target=old)
    loaded: dict[int, Served] = {}
    fault: Fault | None = None
    for number in traffic.numbers if shadows else [share.version for share in traffic.shares]:
        version = registry.resolve(ModelRef(name=ref.name, version=number))
        try:
            loaded[number] = loader.load(version, until=until)
        except (NotFound, DeadlineExceeded):
            raise
        except CarafeError as error:
            answering = main_of(old).number if old else loaded[traffic.main].number if loaded else None
            fault = fault or Fault(ref=ref, wanted=number, answering=answering, error=error)
            if number == traffic.main or (old and traffic.percent(number)):
                return Pointed(target=None, fault=fault)
    return Pointed(target=loaded[traffic.main] if plain else _split(ref, traffic, loaded), fault=fault)


def _split(ref: ModelRef, traffic: Traffic, loaded: Mapping[int, Served]) -> Split:
    return Split(
        ref=ref,
        traffic=traffic,
        main=loaded[traffic.main],
        answering=tuple(loaded[share.version] for share in traffic.shares if share.version in loaded),
        shadows=tuple(loaded[number] for number in traffic.shadows if number in loaded),
    )
