"""The errors that say what is not there, what is, and what to do: the same words from every implementation."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from carafe.errors import (
    AliasNotFound,
    InvalidTraffic,
    ModelNotFound,
    NoDefaultModel,
    RolloutConflict,
    RolloutNotFound,
    VersionInUse,
    VersionNotFound,
)
from carafe.registry.version import Pointed

_SHOWN = 10


def no_model(name: str, known: Iterable[str]) -> ModelNotFound:
    """Return the error that no model has this name; it names the nearest ones, not all."""
    near = get_close_matches(name, sorted(known), n=3, cutoff=0.6)
    hint = (
        f"did you mean {' or '.join(near)}?"
        if near
        else "the list of models has the names (`carafe models`, GET /models)"
    )
    return ModelNotFound(f"there is no model {name!r}: {hint}")


def no_version(name: str, number: int, known: Iterable[int]) -> VersionNotFound:
    """Return the error that a model has no such version; it names the latest ones."""
    numbers = sorted(known)
    shown = ("..., " if len(numbers) > _SHOWN else "") + ", ".join(map(str, numbers[-_SHOWN:]))
    return VersionNotFound(f"{name} has no version {number}: it has {shown}")


def no_alias(name: str, alias: str, known: Iterable[str]) -> AliasNotFound:
    """Return the error that a model has no such alias; it names those it has."""
    names = sorted(known)
    shown = ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "") if names else "none"
    return AliasNotFound(f"{name} has no alias {alias!r}: it has {shown}; promoting a version sets one")


def no_field(name: str, field: str, known: Iterable[str]) -> InvalidTraffic:
    """Return the error that no version which is to answer takes the field that is to keep a caller with one of them."""
    fields = sorted(known)
    near = get_close_matches(field, fields, n=3, cutoff=0.6)
    shown = ", ".join(fields[:_SHOWN]) + (", ..." if len(fields) > _SHOWN else "")
    hint = f"did you mean {' or '.join(near)}?" if near else f"they take {shown}"
    return InvalidTraffic(f"sticky: none of the versions of {name} that are to answer takes a field {field!r}: {hint}")


def in_use(name: str, number: int, pointed: Iterable[Pointed]) -> VersionInUse:
    """Return the error that a version can't be deleted because aliases point at it; it says for how much of them."""
    found = sorted(pointed, key=lambda each: each.alias)
    whole = all(each.percent == 100 for each in found)
    where = f"is {', '.join(map(str, found))}" if whole else f"answers or shadows: {', '.join(map(str, found))}"
    way = "promote another version first" if whole else "promote another version or share without this one first"
    return VersionInUse(f"{name}@{number} {where}: {way}, or delete the alias {found[0].alias}")


def rolled_out(name: str, number: int, *, alias: str, stable: int, candidate: int) -> VersionInUse:
    """Return the error that a version can't be deleted because a rollout that goes on needs it."""
    return VersionInUse(
        f"{name}@{number} is part of a rollout on {alias}, from version {stable} to version {candidate}: wait until it "
        "has ended, or stop the rollout first"
    )


def no_default(known: Iterable[str]) -> NoDefaultModel:
    """Return the error that a request must name its model; it names those there are."""
    names = sorted(known)
    if not names:
        return NoDefaultModel("there is no model yet: publish one, then ask it")
    shown = ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
    return NoDefaultModel(f"there are several models ({shown}) and no default: name one")


def no_rollout(name: str, alias: str) -> RolloutNotFound:
    """Return the error that an alias never had a rollout."""
    return RolloutNotFound(f"{name}@{alias} never had a rollout: begin one with a version that is to take it over")


def rolled_out_already(name: str, alias: str, *, candidate: int) -> RolloutConflict:
    """Return the error that an alias has a rollout already."""
    return RolloutConflict(
        f"{name}@{alias} has a rollout of version {candidate} already: wait for it, or stop it first"
    )
