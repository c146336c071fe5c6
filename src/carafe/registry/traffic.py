"""Which versions an alias lets answer, and how the requests are shared among them."""

from __future__ import annotations

import re
from typing import Self

import msgspec

from carafe.errors import InvalidTraffic

WHOLE = 10_000
"""A whole, in hundredths of a percent: the finest that requests are shared."""

_FIELD = "field:"
_HEADER = re.compile(r"header:[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}", re.ASCII)
_LONGEST_FIELD = 200


class Share(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A version, and how many of a hundred requests it answers."""

    version: int
    percent: float


class Traffic(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an alias points at: one version, or several that share the requests, and versions that are asked along.

    Raises:
        InvalidTraffic: when the shares are not positive hundredths of a percent that add up to 100, a version comes
            twice, or ``sticky`` names neither a header nor a field.
    """

    shares: tuple[Share, ...]
    """The first is the main one: it answers where only one version can, such as when a table is scored."""
    shadows: tuple[int, ...] = ()
    """Versions that are asked what the others are asked, without anybody waiting for them or seeing their answers."""
    sticky: str | None = None
    """What keeps a caller with one version: ``header:X-User`` or ``field:customer``. None draws for each request."""

    def __post_init__(self) -> None:
        numbers = [share.version for share in self.shares] + list(self.shadows)
        if not self.shares or len(set(numbers)) != len(numbers) or min(numbers) < 1:
            raise InvalidTraffic(
                f"shares: got {self._named()}, expected one or more versions that answer, and none named twice"
            )
        if not all(_measured(share.percent) for share in self.shares) or self._total() != WHOLE:
            raise InvalidTraffic(
                f"shares: got {self._named()}, expected percentages of at least 0.01, with at most two decimals, that "
                "add up to 100"
            )
        if self.sticky is not None and not _sticks(self.sticky):
            raise InvalidTraffic(
                f"sticky: got {self.sticky[:100]!r}, expected header:<name of a header> or field:<name of a field>"
            )

    def _named(self) -> str:
        """Return every version as it was named, for whoever named it wrongly."""
        shares = [f"{share.version}={share.percent:g}" for share in self.shares]
        return ", ".join(shares + [f"shadow {number}" for number in self.shadows]) or "none"

    def _total(self) -> int:
        return sum(round(share.percent * 100) for share in self.shares)

    @classmethod
    def to(cls, number: int) -> Self:
        """Return the traffic that goes to one version."""
        return cls(shares=(Share(version=number, percent=100.0),))

    @property
    def main(self) -> int:
        """The version that answers where only one can."""
        return self.shares[0].version

    @property
    def whole(self) -> bool:
        """Whether one version answers everything; others may still be asked along."""
        return len(self.shares) == 1

    @property
    def numbers(self) -> tuple[int, ...]:
        """Every version that is named, those that answer first."""
        return (*(share.version for share in self.shares), *self.shadows)

    @property
    def field(self) -> str | None:
        """The name of the field that keeps a caller with one version; None where none does."""
        named = self.sticky is not None and self.sticky.startswith(_FIELD)
        return self.sticky[len(_FIELD) :] if named and self.sticky else None

    def percent(self, number: int) -> float:
        """Return how many of a hundred requests a version answers; 0 for a shadow and for one that is not named."""
        return next((share.percent for share in self.shares if share.version == number), 0.0)

    def __str__(self) -> str:
        answering = ", ".join(
            f"version {share.version}" if self.whole else f"version {share.version} {share.percent:g} %"
            for share in self.shares
        )
        shadows = "".join(f", shadow {number}" for number in self.shadows)
        sticky = f", sticky by {self.sticky}" if self.sticky else ""
        return f"{answering}{shadows}{sticky}"


def _measured(percent: float) -> bool:
    """Tell whether a percentage is a positive number of hundredths."""
    return 0.01 <= percent <= 100 and abs(percent * 100 - round(percent * 100)) < 1e-6


def _sticks(text: str) -> bool:
    return bool(_HEADER.fullmatch(text)) or (text.startswith(_FIELD) and len(_FIELD) < len(text) <= _LONGEST_FIELD)
