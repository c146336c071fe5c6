"""What is known of a column on its way through fitted steps, before it is written down as a plan.

A number is a slot. A category is followed by what becomes of each of its values, one by one: the fitted steps
themselves are asked about all of them, about a missing one and about one that nobody has met, so that a table of the
answers is all that a plan needs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from carafe.models.lowering.plan import AnyOp, Input

Objects = Sequence[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A slot of numbers, and what holds for all of them."""

    slot: int
    known: bool = False
    """None is missing."""
    finite: bool = True
    """None is infinite."""
    single: bool = False
    """They are of single precision, and so is what is computed of them."""
    narrow: bool = False
    """They are integers that a table of single precision would hold, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A slot of date-times."""

    slot: int
    known: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Domain:
    """The values that a slot is looked up for: the keys, a missing one, and any other."""

    slot: int
    name: str
    keys: tuple[str, ...] | tuple[float, ...]
    whole: bool = False
    refused: frozenset[int] = frozenset()

    @property
    def entries(self) -> int:
        """How many values are told apart."""
        return len(self.keys) + 2


Read = Callable[[Sequence[str]], Objects]
"""From strings, as rows hold them, to what the table of a container holds for them."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Factor:
    """A category and what stands for each of its values by now, one a value of the domain."""

    domain: Domain
    values: tuple[Any, ...]
    read: Read | None = None
    """How further keys are read; None where all possible ones are there."""
    changes: tuple[Callable[[Any], Any], ...] = ()
    """What was done to the values since they were read."""
    levels: tuple[Any, ...] = ()
    """The categories of a column of pandas' category type, of which an estimator takes the codes."""

    def changed(self, change: Callable[[Any], Any]) -> Factor:
        """Return the factor after each value was changed."""
        return replace(self, values=tuple(map(change, self.values)), changes=(*self.changes, change))

    def extended(self, keys: Sequence[str]) -> Factor:
        """Return the factor whose domain has these keys, too."""
        fresh = [key for key in dict.fromkeys(keys) if key not in set(self.domain.keys)]
        if self.read is None or not fresh:
            return self
        read = list(self.read(fresh))
        for change in self.changes:
            read = [change(value) for value in read]
        count = len(self.domain.keys)
        refused = frozenset(entry + len(fresh) if entry >= count else entry for entry in self.domain.refused)
        domain = replace(self.domain, keys=(*self.domain.keys, *fresh), refused=refused)
        return replace(self, domain=domain, values=(*self.values[:count], *read, *self.values[count:]))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Coded:
    """A number that a category became: ``base`` for every value of the domain but ``others``."""

    domain: Domain
    base: float
    others: Mapping[int, float]
    single: bool = False

    def mapped(self, function: Callable[[NDArray[np.float64]], NDArray[Any]]) -> Coded:
        """Return the number after a function of its own was applied to it."""
        with np.errstate(all="ignore"):
            made = function(np.array([self.base, *self.others.values()], dtype=np.float64))
        base, *others = made.astype(np.float64).tolist()
        return replace(self, base=base, others=dict(zip(self.others, others, strict=True)))

    @property
    def finite(self) -> bool:
        """Whether none of its values is missing or infinite."""
        kept = {entry: value for entry, value in self.others.items() if entry not in self.domain.refused}
        some = len(self.others) < self.domain.entries
        return bool(np.isfinite([*kept.values(), self.base if some else 0.0]).all())

    def listed(self) -> list[float]:
        """Return the number of each value of the domain."""
        return [self.others.get(entry, self.base) for entry in range(self.domain.entries)]


Value = Number | Moment | Factor | Coded


@dataclass(slots=True)
class Draft:
    """The plan that is being written: its operations so far, each of them once."""

    inputs: tuple[Input, ...]
    ops: list[AnyOp] = field(default_factory=list)
    slots: dict[AnyOp, int] = field(default_factory=dict)
    count: int = 0
    strict: list[Domain] = field(default_factory=list)
    """Domains of encoders that refuse some values, whether anybody reads their numbers or not."""

    def __post_init__(self) -> None:
        self.count = len(self.inputs)

    def add(self, op: AnyOp) -> int:
        """Append an operation, unless it is there already; return its first slot."""
        if op not in self.slots:
            self.slots[op] = self.count
            self.ops.append(op)
            self.count += op.width
        return self.slots[op]
