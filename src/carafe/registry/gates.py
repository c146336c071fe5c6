"""What a version must fulfil before it may answer as champion."""

from __future__ import annotations

import math
from collections.abc import Iterator

import msgspec

from carafe.errors import InvalidParameter
from carafe.models import Manifest
from carafe.models.manifest import NATIVE
from carafe.registry.comparison import Contender, Load, NotComparable, compare
from carafe.registry.compatibility import breaks


class Gates(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The conditions of one model; none unless its owner sets them.

    Raises:
        InvalidParameter: when ``worse_by`` is no finite number from 0 on.
    """

    worse_by: float | None = None
    """By how much its main figure may be worse than the champion's on the same held-out rows, in the figure's own unit;
    None where any will do."""
    signature: bool = False
    """Whether it must take every record that the champion takes, and answer in the same form."""
    proof: bool = False
    """Whether it must have been proved to answer as the pipeline it was made from."""

    def __post_init__(self) -> None:
        if self.worse_by is not None and not 0 <= self.worse_by < math.inf:
            raise InvalidParameter(f"worse_by: got {self.worse_by:g}, expected a finite number from 0 on")

    @property
    def any(self) -> bool:
        """Whether there is any condition."""
        return self != Gates()

    def __str__(self) -> str:
        parts = [
            "" if self.worse_by is None else f"worse by at most {self.worse_by:g}",
            "signature" if self.signature else "",
            "proof" if self.proof else "",
        ]
        return ", ".join(part for part in parts if part) or "none"


def failed_gates(gates: Gates, candidate: Contender, champion: Contender | None, *, load: Load) -> tuple[str, ...]:
    """Return the gates that a version does not pass, each with the reason and by what it was found.

    Without a champion there is nothing to be worse than and nobody to break; the proof is asked for all the same.
    """
    return tuple(_failed(gates, candidate, champion, load))


def unproved(manifest: Manifest) -> str | None:
    """Return why a version counts as not proved, None where it does.

    What was lowered must have answered rows beside the pipeline that was trained. That pipeline itself needs no proof,
    once the ladder tells that the rungs above it were tried.
    """
    chosen = next((rung for rung in manifest.ladder if rung.chosen), None)
    if chosen is not None and chosen.name != NATIVE and chosen.rows:
        return None
    if chosen is not None and chosen.name == NATIVE and len(manifest.ladder) > 1:
        return None
    return f"it was never compared with the pipeline it was made from (it runs {manifest.runs_as}): publish it again"


def _failed(gates: Gates, candidate: Contender, champion: Contender | None, load: Load) -> Iterator[str]:
    if gates.signature and champion is not None:
        broken = breaks(candidate.manifest, champion.manifest)
        if broken:
            yield f"signature: it would break callers of {champion.called}: {', '.join(broken)}"
    reason = unproved(candidate.manifest) if gates.proof else None
    if reason is not None:
        yield f"proof: {reason}"
    if gates.worse_by is not None and champion is not None:
        yield from _worse(gates.worse_by, candidate, champion, load)


def _worse(margin: float, candidate: Contender, champion: Contender, load: Load) -> Iterator[str]:
    try:
        found = compare(candidate, champion, load=load)
    except NotComparable as reason:
        yield f"worse-by: {reason}"
        return
    if not found.worse_by <= margin:
        yield f"worse-by: {found}: worse by {found.worse_by:.6g}, at most {margin:g} is allowed"
