"""Which part of a list is wanted, and the part that comes back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from carafe.errors import InvalidParameter
from carafe.schema import Task

Item = TypeVar("Item")

MAX_PAGE = 1_000_000
MAX_SIZE = 1000

FIRST = ("", 0)
"""Before every name and number."""

_PART_OF_A_NAME = re.compile(r"[A-Za-z0-9._-]{0,64}")


class Sort(StrEnum):
    """What a list is ordered by."""

    NAME = "name"
    CREATED = "created"


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One page of a list of models or versions.

    Raises:
        InvalidParameter: when a value is out of range, or no model's name could contain ``contains``.
    """

    page: int = 1
    """From 1."""
    size: int = 50
    """At most so many items a page, up to 1000."""
    contains: str = ""
    """Only names that contain this, in any case."""
    task: Task | None = None
    """Only models or versions of this task."""
    sort: Sort = Sort.NAME
    descending: bool = False
    after: tuple[str, int] = FIRST
    """Only what comes after this name and number, in the order of names; for models only the name counts. Whoever walks
    through everything misses nothing by it, while pages move up where something is deleted."""

    def __post_init__(self) -> None:
        for name, most in (("page", MAX_PAGE), ("size", MAX_SIZE)):
            if not 1 <= getattr(self, name) <= most:
                raise InvalidParameter(f"{name}: got {getattr(self, name)}, expected 1 to {most}")
        if not _PART_OF_A_NAME.fullmatch(self.contains):
            raise InvalidParameter(
                f"part of a name: got {self.contains[:64]!a}, expected up to 64 letters, digits, '-', '_' or '.'"
            )
        if self.after != FIRST and (self.descending or self.sort is not Sort.NAME):
            raise InvalidParameter("after: it goes with the order of names, from the first to the last")

    @property
    def offset(self) -> int:
        """How many items come before this page."""
        return (self.page - 1) * self.size


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[Item]):
    """One page of a list."""

    items: tuple[Item, ...]
    total: int
    """How many items all pages have together, those before ``Query.after`` included."""
    page: int
    size: int
