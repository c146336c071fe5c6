"""Tables of categories, written down as operations of a plan."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from carafe.models.lowering.columns.values import Coded, Domain, Draft
from carafe.models.lowering.plan import OneHot, Table, Values
from carafe.models.lowering.refusal import NotLowered


def write_coded(coded: Sequence[Coded], draft: Draft) -> list[int]:
    """Write numbers of one domain as one table; return their slots."""
    domain = coded[0].domain
    first = draft.add(_one_hot(coded, domain) or _table(coded, domain))
    return list(range(first, first + len(coded)))


def _one_hot(coded: Sequence[Coded], domain: Domain) -> OneHot | None:
    """Return the table in which a category turns at most one number on, or None where it is no such table."""
    if len(coded) < 2:
        return None
    hot = [-1] * domain.entries
    on = []
    for index, one in enumerate(coded):
        lit = {entry: value for entry, value in one.others.items() if not _same(value, one.base)}
        if len({*map(repr, lit.values())}) > 1 or any(hot[entry] >= 0 for entry in lit):
            return None
        on.append(next(iter(lit.values()), one.base))
        for entry in lit:
            hot[entry] = index
    return OneHot(
        slot=domain.slot,
        keys=domain.keys,
        refused=tuple(sorted(domain.refused)),
        whole=domain.whole,
        hot=tuple(hot),
        off=_plain([one.base for one in coded]),
        on=_plain(on),
    )


def _table(coded: Sequence[Coded], domain: Domain) -> Table:
    rows = zip(*(one.listed() for one in coded), strict=True)
    return Table(
        slot=domain.slot,
        keys=domain.keys,
        refused=tuple(sorted(domain.refused)),
        whole=domain.whole,
        rows=tuple(map(_plain, rows)),
    )


def _same(one: float, other: float) -> bool:
    return repr(one) == repr(other)  # NaN is itself here, and 0 is not -0


def _plain(numbers: Sequence[float]) -> Values:
    """Return numbers as a plan has them: None for NaN."""
    if np.isinf(numbers).any():
        raise NotLowered("a category becomes an infinite number")
    return tuple(None if np.isnan(number) else float(number) for number in numbers)
