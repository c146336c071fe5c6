"""How parent and workers know that the other still lives: a count that each worker raises, and who its parent is."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from ctypes import c_ulong
from multiprocessing.sharedctypes import RawArray
from threading import Thread

BEAT_SECONDS = 0.5
"""How often a worker's count is raised; and the time within which it notices that its parent is gone."""

LOST_BEATS = 60
"""After how many times BEAT_SECONDS without a beat a worker is taken for stuck: its interpreter runs no thread."""


class Pulse:
    """A count for each worker's place, in memory that all processes share; made before the workers are."""

    def __init__(self, *, places: int) -> None:
        self._beats = RawArray(c_ulong, places)

    def keep(self, place: int, *, parent: int, grace: float) -> None:
        """Raise the count of this worker's place from now on, in a thread; end this process when its parent is gone.

        It ends as at SIGTERM: what has begun is finished, for ``grace`` seconds at most. ``parent`` is the process that
        started this one, as it knows itself: who asks here may be answered with whoever adopted the orphan.
        """
        self._beats[place] = 1
        Thread(target=self._beat, args=(place, parent, grace), daemon=True, name="carafe-pulse").start()

    def _beat(self, place: int, parent: int, grace: float) -> None:
        while os.getppid() == parent:
            self._beats[place] += 1
            time.sleep(BEAT_SECONDS)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(grace)
        os._exit(1)

    def stop(self, place: int) -> None:
        """Expect no beat of a place until its next worker is up."""
        self._beats[place] = 0

    def watch(self, stuck: Callable[[int], None]) -> None:
        """Call ``stuck`` with the place of each worker that has stopped beating, from now on, in a thread.

        Looks are counted, not seconds: where the whole server was suspended, nobody is blamed for it.
        """
        Thread(target=self._watch, args=(stuck,), daemon=True, name="carafe-pulse").start()

    def _watch(self, stuck: Callable[[int], None]) -> None:
        last, missed = list(self._beats), [0] * len(self._beats)
        while True:
            time.sleep(BEAT_SECONDS)
            for place, beat in enumerate(self._beats):
                missed[place] = missed[place] + 1 if beat and beat == last[place] else 0
                last[place] = beat
                if missed[place] >= LOST_BEATS:
                    missed[place] = 0
                    stuck(place)
