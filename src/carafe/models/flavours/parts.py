"""Everything an estimator is made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np


def parts_of(root: object) -> Iterator[object]:
    """Yield every object that can be reached from ``root`` through attributes and containers, each once."""
    seen: set[int] = set()
    waiting: list[object] = [root]
    while waiting:
        part = waiting.pop()
        if id(part) in seen or part is None or isinstance(part, (str, bytes, int, float, type)):
            continue
        seen.add(id(part))
        yield part
        waiting.extend(_inside(part))


def _inside(part: object) -> Iterator[object]:
    if isinstance(part, Mapping):
        yield from part.values()
    elif isinstance(part, (list, tuple, set, frozenset)):
        yield from part
    elif isinstance(part, np.ndarray):
        if part.dtype == object:
            yield from part.flat
    elif hasattr(part, "__dict__"):
        yield from vars(part).values()
