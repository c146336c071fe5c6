"""Processors: each worker process takes its share of them, so that workers never fight over one.

What serves a request is one thread of a worker. Libraries underneath would start a thread a core for a matrix or a
forest, in every worker at once; a worker lets them have its share of the cores and no more.
"""

from __future__ import annotations

import os
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from multiprocessing import Array
from multiprocessing.sharedctypes import SynchronizedArray

from threadpoolctl import threadpool_limits

from carafe.monitoring.process import identity
from carafe.settings import offer_environment
from carafe.web.quota import has_quota

OPENMP = "OMP_NUM_THREADS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cores:
    """How the cores that this service may use are shared out. Made before the workers are; each calls ``take``."""

    workers: int
    pin: bool | None = None
    """Whether each worker stays on cores of its own; None where that is to be found out, see ``pinned``."""
    _places: SynchronizedArray[int] = field(init=False, repr=False)
    """Which process has each worker's place; 0 where nobody has taken it yet."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "_places", Array("q", self.workers))

    @property
    def share(self) -> int:
        """How many threads a library may use in one worker."""
        return max(1, len(os.sched_getaffinity(0)) // self.workers)

    @property
    def pinned(self) -> bool:
        """Whether each worker stays on cores of its own.

        Under the interpreter's lock one thread of a worker runs at a time, and handing it over to a thread on another
        core costs more than most requests do (decision 0032). Where nobody says, workers are kept apart if each
        gets just one core, and if these cores are theirs: a quota means that others have them, too.
        """
        if self.pin is not None:
            return self.pin
        return 1 < self.workers == len(os.sched_getaffinity(0)) and not has_quota()

    def take(self) -> None:
        """Settle this process as one of the workers; a worker that replaces another takes its place."""
        share = self.share
        # OpenMP asks the environment when scikit-learn or LightGBM load it, BLAS is there already, with numpy.
        offer_environment(**{OPENMP: str(share)})
        threadpool_limits(limits=share, user_api="blas")
        if self.pinned:
            available = sorted(os.sched_getaffinity(0))
            own = cores_of(self._place(), workers=self.workers, available=available)
            with nullcontext() if self.pin else suppress(OSError):  # some sandboxes don't let anybody choose
                os.sched_setaffinity(0, own)

    def _place(self) -> int:
        """Take the first place that nobody has, or whose worker has ended."""
        with self._places.get_lock():
            free = (place for place, process in enumerate(self._places[:]) if not (process and identity(process)))
            place = next(free, os.getpid() % self.workers)  # none is free: the one before has not quite ended
            self._places[place] = os.getpid()
        return place


def cores_of(place: int, *, workers: int, available: list[int]) -> set[int]:
    """Return the cores of the worker in this place, from 0: neighbours, which share a cache, go to one worker."""
    if workers >= len(available):
        return {available[place % len(available)]}
    share, rest = divmod(len(available), workers)
    start = place * share + min(place, rest)
    return set(available[start : start + share + (place < rest)])
