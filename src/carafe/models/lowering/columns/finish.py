"""From followed values to a finished plan."""

from __future__ import annotations

import math
from collections.abc import Sequence

from carafe.models.lowering.columns.numeric import number_of
from carafe.models.lowering.columns.values import Coded, Draft, Factor, Value
from carafe.models.lowering.columns.write import write_coded
from carafe.models.lowering.plan import MAX_OPS, MAX_OUTPUTS, Plan
from carafe.models.lowering.refusal import NotLowered


def finished(values: Sequence[Value], draft: Draft) -> Plan:
    """Return the plan whose outputs are these values.

    Raises:
        NotLowered: when one of them is no number, or there are too many.
    """
    if len(values) > MAX_OUTPUTS:
        raise NotLowered(f"{len(values)} features are more than the {MAX_OUTPUTS} of a plan")
    slots: dict[int, int] = {}
    groups: dict[int, list[tuple[int, Coded]]] = {}
    for index, value in enumerate(values):
        one = _codes(value) if isinstance(value, Factor) and value.levels else value
        if isinstance(one, Coded):
            groups.setdefault(id(one.domain), []).append((index, one))
        else:
            slots[index] = number_of(one, draft, "the estimator").slot
    for members in groups.values():
        written = write_coded([one for _, one in members], draft)
        slots.update({index: slot for (index, _), slot in zip(members, written, strict=True)})
    for domain in draft.strict:
        if id(domain) not in groups:
            write_coded([Coded(domain=domain, base=0.0, others={})], draft)
    if len(draft.ops) > MAX_OPS:
        raise NotLowered(f"{len(draft.ops)} calculations a row are more than the {MAX_OPS} of a plan")
    return Plan(inputs=draft.inputs, ops=tuple(draft.ops), outputs=tuple(slots[index] for index in range(len(values))))


def _codes(factor: Factor) -> Coded:
    """Return a category of pandas' own type as the number of its place there, NaN where it has none."""
    place = {repr(level): float(index) for index, level in enumerate(factor.levels)}
    codes = {entry: place.get(repr(value), math.nan) for entry, value in enumerate(factor.values)}
    return Coded(domain=factor.domain, base=math.nan, others=codes)
