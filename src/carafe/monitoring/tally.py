"""Numbers counted on the path of a request: by each thread for itself, so that none waits and none is lost.

A cell belongs to one thread: only that thread adds to it, and adding needs no lock. Whoever reads sums the cells of all
threads. Cells are never set back, so that a sum only grows. When a thread ends, the next one of the same identifier
goes on with its cells; there are never two at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import get_ident

MOST_CELLS = 100_000
"""How many cells a tally opens; what would need a further one is counted under a name of its own."""

Key = tuple[object, ...]
"""The thread's identifier, then what is counted."""


class Tally:
    """Cells of ``width`` numbers by key.

    Args:
        width: how many numbers a cell holds.
        fold: what a key (without the thread) is replaced by when there are too many.
        began: called when a cell is opened, which is rare.
    """

    __slots__ = ("_began", "_fold", "_width", "cells")

    def __init__(self, *, width: int, fold: Callable[[Key], Key], began: Callable[[], object] = lambda: None) -> None:
        self._width = width
        self._fold = fold
        self._began = began
        self.cells: dict[Key, list[float]] = {}

    def open(self, key: Key) -> list[float]:
        """Return the cell of a key that begins with this thread's identifier; a new one where there is none."""
        self._began()
        if len(self.cells) >= MOST_CELLS and key not in self.cells:
            key = (get_ident(), *self._fold(key[1:]))
        return self.cells.setdefault(key, [0] * self._width)

    def totals(self) -> dict[Key, list[float]]:
        """Return the sum over all threads, by key without the thread."""
        sums: dict[Key, list[float]] = {}
        for key, cell in list(self.cells.items()):  # a copy in one step: other threads may open cells
            known = sums.setdefault(key[1:], [0] * self._width)
            for index, number in enumerate(cell):
                known[index] += number
        return sums

    def forget(self) -> None:
        """Begin at nothing: in a forked process, whose parent counts on for itself."""
        self.cells = {}
