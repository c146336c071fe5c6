"""The operation of a plan that makes numbers of a text: which terms it looks for, and what they weigh."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from carafe.models.lowering.analysis import Analysis
from carafe.models.lowering.op import Op


class Norm(StrEnum):
    """What a row's weights are divided by, named as scikit-learn's ``norm``."""

    L1 = "l1"
    """The sum of their sizes."""
    L2 = "l2"
    """The root of the sum of their squares."""


class Weighing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """From how often a term stands in a text to its weight, as TF-IDF has it (Salton and Buckley, 1988).

    ``binary`` counts every term once; ``sublinear`` takes one plus the natural logarithm of the count; ``idf`` has a
    factor a term; the norm comes last, and spares a text without any term.
    """

    binary: bool = False
    sublinear: bool = False
    idf: tuple[float, ...] | None = None
    norm: Norm | None = None


class Words(Op, tag="words", frozen=True, kw_only=True):
    """A weight for each term of ``vocabulary`` in the text of a column; other terms count for nothing.

    ``absent`` is read where a text is missing, and ``replaced`` has the texts that stand for others; None in either
    place is refused.
    """

    slot: int
    analysis: Analysis
    vocabulary: tuple[str, ...]
    weighing: Weighing
    absent: str | None = None
    replaced: tuple[tuple[str, str | None], ...] = ()

    @property
    def width(self) -> int:
        """How many slots it appends."""
        return len(self.vocabulary)
