"""Whether every version's files are there, are what was published, and answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from carafe.errors import CarafeError, CorruptArtefact, LoadFailed, MissingExtra, NotFound
from carafe.models.artefact import load_model
from carafe.models.files import opened_file
from carafe.models.verification import open_artefact, verify_artefact, verify_manifest
from carafe.registry import Query, Registry, Version
from carafe.registry.versions import unloadable
from carafe.upkeep.checkup.finding import Depth, Finding, Findings, Order, State, counted

CHECK = "versions"

_DONE: Mapping[Depth, str] = {
    Depth.QUICK: "signatures and sizes hold; contents were not read",
    Depth.FULL: "signatures hold, and every byte is what was published",
    Depth.DEEP: "signatures and digests hold, and every model repeats its golden predictions",
}


def check_versions(order: Order, registry: Registry) -> Findings:
    """Find versions whose files are damaged or gone, and models that don't answer as they did."""
    look = _LOOKS[order.depth]
    everything = registry.versions(Query(size=1)).total
    done, wrong = 0, 0
    for version in registry.every_version():
        order.progress(done, everything)
        done += 1
        try:
            look(registry, version)
        except CarafeError as error:
            if (finding := _finding(registry, version, error)) is not None:
                wrong += 1
                yield finding
    order.progress(done, done)
    if not wrong:
        looked_at = counted(done, "version", "versions")
        yield Finding(check=CHECK, state=State.OK, says=f"{looked_at}: {_DONE[order.depth]}")


def _quick(registry: Registry, version: Version) -> None:
    folder = registry.artefacts.fetch(version.artefact)
    for file in verify_manifest(folder, key=registry.key, digest=version.digest).files:
        with opened_file(folder, file.path) as stream:
            if (size := stream.seek(0, 2)) != file.size:
                raise CorruptArtefact(f"{file.path}: got {size} bytes, expected {file.size}")


def _full(registry: Registry, version: Version) -> None:
    verify_artefact(registry.artefacts.fetch(version.artefact), key=registry.key, digest=version.digest)


def _deep(registry: Registry, version: Version) -> None:
    _full(registry, version)
    try:
        load_model(open_artefact(registry.artefacts.fetch(version.artefact), key=registry.key))
    except CorruptArtefact as error:  # another release of its library, say
        raise LoadFailed(f"its files are what was published, but {error}") from error
    except Exception as error:
        raise unloadable(version, error) from error


_LOOKS: Mapping[Depth, Callable[[Registry, Version], None]] = {
    Depth.QUICK: _quick,
    Depth.FULL: _full,
    Depth.DEEP: _deep,
}


def _finding(registry: Registry, version: Version, error: CarafeError) -> Finding | None:
    """Return what is to be said of a version; nothing where it was deleted meanwhile."""
    try:
        now = registry.metadata.version(version.name, version.number)
    except NotFound:
        return None
    if isinstance(error, MissingExtra | LoadFailed):
        return Finding(check=CHECK, state=State.WARNING, says=f"{now} can't answer here", advice=str(error))
    if not isinstance(error, CorruptArtefact):
        return Finding(check=CHECK, state=State.PROBLEM, says=f"{now}: {error}", advice="see what is said")
    if not now.pointed:
        return Finding(
            check=CHECK,
            state=State.PROBLEM,
            says=f"{now} is damaged: {error}",
            advice=f"carafe delete {now}, or restore the home from a backup",
        )
    point = "points" if len(now.pointed) == 1 else "point"
    aliases = " and ".join(map(str, now.pointed))
    return Finding(
        check=CHECK,
        state=State.PROBLEM,
        says=f"{now} is damaged, and {aliases} {point} at it: no process can load it any more. {error}",
        advice=f"promote another version of {now.name} now; then delete {now}, or restore the home from a backup",
    )
