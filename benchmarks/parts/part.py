"""What a part of the suite is: it measures, tells its figures as tables, and judges them by its goals."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Generic, TypeVar

import msgspec

from benchmarks.bench import Bench
from benchmarks.report import Goal, Table

F = TypeVar("F", bound=msgspec.Struct)


class Part(ABC, Generic[F]):
    """One subject. ``figures`` is the type of what it measures."""

    name: ClassVar[str]
    figures: type[F]

    @abstractmethod
    def measure(self, bench: Bench) -> F:
        """Measure, print each figure as it comes, and return all."""

    @abstractmethod
    def tables(self, figures: F) -> Sequence[Table]:
        """Return the figures as tables."""

    def goals(self, figures: F) -> Sequence[Goal]:
        """Return what of the goals these figures decide."""
        del figures
        return ()


AnyPart = Part[Any]
"""A part, whatever its figures."""
