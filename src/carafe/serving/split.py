"""Which of an alias's versions answers a request: a range of numbers each, and a number for every caller."""

from __future__ import annotations

import dataclasses
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from itertools import accumulate
from random import random
from typing import Any

from carafe.registry import Traffic
from carafe.registry.traffic import WHOLE
from carafe.schema import ModelRef
from carafe.serving.served import Served

_BITS = 64


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Split:
    """An alias that lets several versions answer, or asks shadows along. It never changes; another takes its place.

    Every version that answers has a range of the numbers from 0 to 9,999, as wide as its share is of 10,000. The
    latest version's begins at 0, the next ones follow, whichever is the main one: where the share of one of two grows,
    whoever had it keeps it.
    """

    ref: ModelRef
    traffic: Traffic
    """As the registry has it."""
    main: Served
    """Answers where only one version can."""
    shadows: tuple[Served, ...] = ()
    """Are asked what the others are asked; nobody sees their answers."""
    answering: tuple[Served, ...]
    """Every version that answers, in the order of the traffic's shares."""
    header: str | None = dataclasses.field(init=False)
    """The header that keeps a caller with one version, as WSGI names it; None where none does."""
    field: str | None = dataclasses.field(init=False)
    """The field of the record that does; None where none does."""
    _ordered: tuple[Served, ...] = dataclasses.field(init=False, repr=False)
    _ends: tuple[int, ...] = dataclasses.field(init=False, repr=False)
    _salted: Any = dataclasses.field(init=False, repr=False)

    def __post_init__(self) -> None:
        ordered, ends = _ranges(self.traffic, {one.number: one for one in self.answering})
        kind, _, name = (self.traffic.sticky or "").partition(":")
        chooses = len(self.answering) > 1
        object.__setattr__(self, "header", _wsgi(name) if chooses and kind == "header" else None)
        object.__setattr__(self, "field", name if chooses and kind == "field" else None)
        object.__setattr__(self, "_ordered", ordered)
        object.__setattr__(self, "_ends", ends)
        # The alias is part of every digest, so that the callers whom one model tries out first are not another's, too.
        object.__setattr__(self, "_salted", blake2b(f"{self.ref}\0".encode(), digest_size=_BITS // 8))

    @property
    def versions(self) -> tuple[Served, ...]:
        """Every version that is needed, those that answer first."""
        return (*self.answering, *self.shadows)

    def choose(self, caller: str | None = None) -> Served:
        """Return the version that answers: the same one for the same caller, any for None, as often as its share says.

        Args:
            caller: the value of the header or field that keeps a caller with one version.
        """
        if len(self.answering) == 1:
            return self.main
        number = int(random() * WHOLE) if caller is None else self.number(caller)  # noqa: S311 - nothing secret
        return self._ordered[bisect_right(self._ends, number)]

    def number(self, caller: str) -> int:
        """Return a caller's number, from 0 to 9,999: the same in every process, on every machine."""
        digest = self._salted.copy()
        digest.update(caller.encode("utf-8", "surrogatepass"))
        return int.from_bytes(digest.digest(), "big") * WHOLE >> _BITS


def _wsgi(name: str) -> str:
    """Return a header's name in the environment of a WSGI application (PEP 3333)."""
    plain = name.upper().replace("-", "_")
    return plain if plain in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{plain}"


def _ranges(traffic: Traffic, loaded: Mapping[int, Served]) -> tuple[tuple[Served, ...], tuple[int, ...]]:
    """Return who answers in each range, the latest version's first, and the number before which each range ends.

    In the range of a version that is not loaded, the main one answers.
    """
    shares = sorted(traffic.shares, key=lambda share: share.version, reverse=True)
    answering = tuple(loaded.get(share.version, loaded[traffic.main]) for share in shares)
    return answering, tuple(accumulate(round(share.percent * 100) for share in shares))
