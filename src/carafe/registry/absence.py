"""The errors that say what is not there, what is, and what to do: the same words from every implementation."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from carafe.errors import (
    AliasNotFound,
    ModelNotFound,
    NoDefaultModel,
    RolloutConflict,
    RolloutNotFound,
    VersionInUse,
    VersionNotFound,
)

_SHOWN = 10


def no_model(name: str, known: Iterable[str]) -> ModelNotFound:
    """Return the error that no model has this name; it names the nearest ones, not all."""
    near = get_close_matches(name, sorted(known), n=3, cutoff=0.6)
    hint = f"did you mean {' or '.join(near)}?" if near else "the list of models has the names"
    return ModelNotFound(f"there is no model {name!r}: {hint}")


def no_version(name: str, number: int, known: Iterable[int]) -> VersionNotFound:
    """Return the error that a model has no such version; it names the latest ones."""
    latest = sorted(known, reverse=True)
    shown = ", ".join(map(str, latest[:_SHOWN])) + (", ..." if len(latest) > _SHOWN else "")
    return VersionNotFound(f"{name} has no version {number}: it has {shown}")


def no_alias(name: str, alias: str, known: Iterable[str]) -> AliasNotFound:
    """Return the error that a model has no such alias; it names those it has."""
    names = sorted(known)
    shown = ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "") if names else "none"
    return AliasNotFound(f"{name} has no alias {alias!r}: it has {shown}; promoting a version sets one")


def in_use(name: str, number: int, aliases: Iterable[str]) -> VersionInUse:
    """Return the error that a version can't be deleted because aliases point at it."""
    names = sorted(aliases)
    return VersionInUse(
        f"{name}@{number} is {', '.join(names)}: promote another version first, or delete the alias {names[0]}"
    )


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
