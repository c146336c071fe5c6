"""Processors: each worker process takes its share of them, so that workers never fight over one.

What serves a request is one thread of a worker. Libraries underneath would start a thread a core for a matrix or a
forest, in every worker at once; a worker lets them have its share of the cores and no more.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from multiprocessing import Value
from multiprocessing.sharedctypes import Synchronized

from threadpoolctl import threadpool_limits

from carafe.settings import offer_environment

OPENMP = "OMP_NUM_THREADS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cores:
    """How the cores that this service may use are shared out. Made before the workers are; each calls ``take``."""

    workers: int
    pin: bool = False
    """Whether each worker stays on cores of its own."""
    _taken: Synchronized[int] = field(default_factory=lambda: Value("i", 0), repr=False)

    @property
    def share(self) -> int:
        """How many threads a library may use in one worker."""
        return max(1, len(os.sched_getaffinity(0)) // self.workers)

    def take(self) -> None:
        """Settle this process as one of the workers; a worker that replaces another takes the next turn."""
        share = self.share
        # OpenMP asks the environment when scikit-learn or LightGBM load it, BLAS is there already, with numpy.
        offer_environment(**{OPENMP: str(share)})
        threadpool_limits(limits=share, user_api="blas")
        if self.pin:
            with self._taken.get_lock():
                turn = self._taken.value
                self._taken.value += 1
            os.sched_setaffinity(0, cores_of(turn, workers=self.workers, available=sorted(os.sched_getaffinity(0))))


def cores_of(turn: int, *, workers: int, available: list[int]) -> set[int]:
    """Return the cores of the worker whose turn it is: neighbours, which share a cache, go to one worker."""
    place = turn % workers
    if workers >= len(available):
        return {available[place % len(available)]}
    share, rest = divmod(len(available), workers)
    start = place * share + min(place, rest)
    return set(available[start : start + share + (place < rest)])
