"""What a version must fulfil before it may answer as champion."""

from __future__ import annotations

import msgspec


class Gates(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The conditions of one model; none unless its owner sets them."""

    worse_by: float | None = None
    """By how much its main figure may be worse than the champion's on the same held-out rows, in the figure's own unit;
    None where any will do."""
    signature: bool = False
    """Whether it must take every record that the champion takes, and answer in the same form."""
    proof: bool = False
    """Whether it must have been proved to answer as the pipeline it was made from."""

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
