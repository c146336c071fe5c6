"""Which of an alias's versions answers a request: a range of numbers each, and a number for every caller."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
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
    _ordered: tuple[Served, ...] = field(init=False, repr=False)
    _ends: tuple[int, ...] = field(init=False, repr=False)
    _salted: Any = field(init=False, repr=False)

    def __post_init__(self) -> None:
        ordered, ends = _ranges(self.traffic, self.answering)
        object.__setattr__(self, "_ordered", ordered)
        object.__setattr__(self, "_ends", ends)
        # The alias is part of every digest, so that the callers whom one model tries out first are not another's, too.
        object.__setattr__(self, "_salted", blake2b(f"{self.ref}\0".encode(), digest_size=_BITS // 8))

    @property
    def sticky(self) -> str | None:
        """What keeps a caller with one version; None where each request draws, or there is nothing to choose."""
        return self.traffic.sticky if len(self._ordered) > 1 else None

    @property
    def versions(self) -> tuple[Served, ...]:
        """Every version that is needed, those that answer first."""
        return (*self.answering, *self.shadows)

    def choose(self, caller: str | None = None) -> Served:
        """Return the version that answers: the same one for the same caller, any for None, as often as its share says.

        Args:
            caller: the value of the header or field that keeps a caller with one version.
        """
        if len(self._ordered) == 1:
            return self.main
        number = int(random() * WHOLE) if caller is None else self.number(caller)  # noqa: S311 - nothing secret
        return self._ordered[bisect_right(self._ends, number)]

    def number(self, caller: str) -> int:
        """Return a caller's number, from 0 to 9,999: the same in every process, on every machine."""
        digest = self._salted.copy()
        digest.update(caller.encode("utf-8", "surrogatepass"))
        return int.from_bytes(digest.digest(), "big") * WHOLE >> _BITS


def _ranges(traffic: Traffic, answering: Iterable[Served]) -> tuple[tuple[Served, ...], tuple[int, ...]]:
    """Return the versions in the order of their ranges, the latest first, and the number before which each ends.

    The share of a version that is not loaded is the main one's.
    """
    loaded = {served.number: served for served in answering}
    widths = dict.fromkeys(loaded, 0)
    for share in traffic.shares:
        widths[share.version if share.version in loaded else traffic.main] += round(share.percent * 100)
    numbers: Sequence[int] = sorted(widths, reverse=True)
    return tuple(loaded[number] for number in numbers), tuple(accumulate(widths[number] for number in numbers))
