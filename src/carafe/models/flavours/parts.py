"""Everything an estimator is made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType

import numpy as np

_CODE = (type, ModuleType, FunctionType, BuiltinFunctionType, MethodType, np.ufunc)
"""What is no part of an estimator: from a module or a function everything else in the process can be reached."""


def parts_of(root: object) -> Iterator[object]:
    """Yield every object that can be reached from ``root`` through attributes and containers, each once.

    Classes, functions and modules are left out: what an estimator refers to is not what it is made of.
    """
    seen: set[int] = set()
    waiting: list[object] = [root]
    while waiting:
        part = waiting.pop()
        if id(part) in seen or part is None or isinstance(part, (str, bytes, int, float, *_CODE)):
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
