"""The parent of the workers: it puts another in the place of each that ends unasked, and goes on doing so.

Granian by itself ends the whole service when a worker ends within seconds of being started again. A worker that is
killed, by the system where memory is short or by a library that crashes, may cost the requests it had, and no others'.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from granian import Granian

STEADY_SECONDS = 10.0
"""A worker that lived for so long had started well; what ends it is not counted with what ended its predecessors."""

LONGEST_PAUSE = 5.0
"""The most seconds for which a worker's place stays empty."""

_LOG = logging.getLogger("carafe.web")
_GRANIAN = logging.getLogger("_granian")
_BUSY_THREADS = "Configuration allows spawning up to"


def pause(early: int) -> float:
    """Return how many seconds a place stays empty after so many workers in a row ended early: none after the first."""
    return 0.0 if early < 2 else min(LONGEST_PAUSE, 0.5 * 2.0 ** min(early - 2, 10))


class Supervisor(Granian):  # type: ignore[misc, valid-type]  # which class that is depends on the interpreter
    """Granian, but the service ends only when it is told to, or when its workers can't start in the first place."""

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - Granian's own
        super().__init__(*args, **options)
        self._early: Counter[int] = Counter()
        # Threads here wait for each other's runs far more than they compute: there may be more than cores.
        _GRANIAN.addFilter(_about_something_else)

    def _respawn_workers(
        self,
        workers: Sequence[int],
        spawn_target: Callable[..., object],
        target_loader: Callable[..., object],
        delay: float = 0,
    ) -> None:
        ended = [index for index in workers if not self.wrks[index].is_alive()]
        hopeless = bool(ended) and all(self._failed_to_start(index) for index in ended) and not self._any_steady()
        self._wait(max(map(self._note, ended), default=0.0))
        if self.interrupt_signal:  # told to end meanwhile
            return
        super()._respawn_workers(workers, spawn_target, target_loader, delay=delay)
        if not hopeless:
            self.respawned_wrks.clear()  # by which Granian would know that it was a second time
        if self.interrupt_children:  # another ended while this one was replaced
            self.main_loop_interrupt.set()

    def _failed_to_start(self, index: int) -> bool:
        """Tell whether a worker ended early and by itself: by an error of its own, not by a signal."""
        worker = self.wrks[index]
        return (worker.inner.exitcode or 0) > 0 and time.monotonic() < worker.birth + STEADY_SECONDS

    def _any_steady(self) -> bool:
        now = time.monotonic()
        return any(worker.is_alive() and now >= worker.birth + STEADY_SECONDS for worker in self.wrks)

    def _note(self, index: int) -> float:
        """Tell the log how a worker ended, and return for how long its place should stay empty."""
        worker = self.wrks[index]
        lived, code = time.monotonic() - worker.birth, worker.inner.exitcode or 0
        self._early[index] = self._early[index] + 1 if lived < STEADY_SECONDS else 0
        seconds = pause(self._early[index])
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        _LOG.error("worker %d ended with %s after %.1f s; another follows in %.1f s", index + 1, how, lived, seconds)
        return seconds

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self.interrupt_signal:
            time.sleep(0.05)


def _about_something_else(record: logging.LogRecord) -> bool:
    return _BUSY_THREADS not in str(record.msg)
