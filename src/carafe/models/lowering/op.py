"""What the operations of a plan have in common."""

from __future__ import annotations

import msgspec


class Op(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What every operation has in common: the slots it reads, and how many it appends."""

    @property
    def reads(self) -> tuple[int, ...]:
        """The slots that it reads."""
        return (self.slot,)  # type: ignore[attr-defined] # each operation that reads others says so

    @property
    def width(self) -> int:
        """How many slots it appends."""
        return 1
