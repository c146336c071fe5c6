"""What a check is asked to do, and what it found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from carafe.settings import Settings
from carafe.upkeep.progress import Progress, quiet


class State(StrEnum):
    """How it is."""

    OK = "ok"
    MENDED = "mended"
    """It was wrong, and is not any more."""
    SKIPPED = "skipped"
    """It could not be looked at, or need not be."""
    WARNING = "warning"
    """Everything works, but somebody should look."""
    PROBLEM = "problem"
    """Something does not work, or will not when it is needed."""


class Depth(StrEnum):
    """How closely versions' files are looked at."""

    QUICK = "quick"
    """Signatures, names and sizes; contents are not read."""
    FULL = "full"
    """Every byte is read and compared with its digest."""
    DEEP = "deep"
    """Every model is loaded, too, and repeats its golden predictions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of a checkup."""

    check: str
    """Which check found it."""
    state: State
    says: str
    """What is so."""
    advice: str = ""
    """What to do; empty where nothing is to be done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Which home is to be looked at, how closely, and whether to mend what can be."""

    settings: Settings
    repair: bool = False
    depth: Depth = Depth.FULL
    progress: Progress = quiet
    """Told how many versions were looked at, of how many."""


Findings = Iterator[Finding]


def counted(number: int, one: str, many: str) -> str:
    """Return a number and what there is so many of: ``1 version``, ``2 versions``."""
    return f"{number} {one if number == 1 else many}"
