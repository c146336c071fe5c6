"""Features that already hold the answer."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from carafe.tables.profile import Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """A column that gives the target away; ``drop`` says whether a model should do without it."""

    column: str
    reason: str
    drop: bool


def find_leaks(frame: pl.DataFrame, profile: Profile, target: str) -> tuple[Leak, ...]:
    """Return the columns that give the target away."""
    del frame, profile, target
    return ()
