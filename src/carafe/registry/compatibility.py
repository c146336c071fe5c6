"""Whether those who call one version can call another instead, without changing anything.

A record has every column of the signature and no other, and a list of values has them in its order. So each column must
stay, under its name and in its place; what it takes may grow, not shrink. An answer must keep its form.
"""

from __future__ import annotations

from collections.abc import Iterator

from carafe.models import Manifest
from carafe.schema import Column, Kind, Signature

_WIDER = frozenset({(Kind.INTEGER, Kind.NUMBER), (Kind.CATEGORY, Kind.TEXT)})
"""From which kind to which other a column may change: whatever the first takes, in any format, so does the second."""

_SHOWN = 5


def breaks(candidate: Manifest, champion: Manifest) -> tuple[str, ...]:
    """Return what those who call ``champion`` would stumble over when ``candidate`` answers; empty where nothing.

    Other categories break nothing, for one that a model never met is served as unknown; and so do other ranges.
    """
    return (*_columns(candidate.signature, champion.signature), *_answers(candidate, champion))


def _columns(candidate: Signature, champion: Signature) -> Iterator[str]:
    gone = [name for name in champion.names if name not in candidate.position]
    new = [name for name in candidate.names if name not in champion.position]
    if gone:
        yield f"it does not take {_some(gone)}, and refuses records that have it"
    if new:
        yield f"it asks for {_some(new)}, which callers do not send"
    if not gone and not new and candidate.names != champion.names:
        yield "its columns have another order, in which lists of values would be read wrongly"
    for column in candidate.columns:
        if column.name in champion.position:
            yield from _narrower(column, champion.columns[champion.position[column.name]])


def _narrower(column: Column, before: Column) -> Iterator[str]:
    """Yield how a column takes less than it did."""
    same = column.kind is before.kind and column.is_numbered == before.is_numbered
    if not same and ((before.kind, column.kind) not in _WIDER or before.is_numbered):
        yield f"{column.name!r} was a {_kind(before)} and is a {_kind(column)}"
    if before.nullable and not column.nullable:
        yield f"{column.name!r} could be null and can't any more"


def _answers(candidate: Manifest, champion: Manifest) -> Iterator[str]:
    mine, theirs = candidate.signature.target, champion.signature.target
    if mine.name != theirs.name:
        yield f"it predicts {mine.name!r} instead of {theirs.name!r}"
    if mine.task is not theirs.task:
        yield f"it is a {mine.task} instead of a {theirs.task}"
    elif _typed(mine.classes) != _typed(theirs.classes):
        yield f"its classes are {_some(mine.classes)} instead of {_some(theirs.classes)}"
    if champion.probabilities and not candidate.probabilities:
        yield "it gives no probabilities"


def _typed(labels: tuple[object, ...]) -> list[tuple[type, object]]:
    """Return labels with their types: to Python, True, 1 and 1.0 are the same."""
    return [(type(label), label) for label in labels]


def _kind(column: Column) -> str:
    return "category of whole numbers" if column.is_numbered else str(column.kind)


def _some(names: tuple[object, ...] | list[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:_SHOWN])
    return f"{shown} and {len(names) - _SHOWN} more" if len(names) > _SHOWN else shown
