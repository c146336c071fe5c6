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

FAILED_STARTS = 3
"""After how many failed starts in one place the service ends, if no worker has been up for STEADY_SECONDS."""

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
        self._failed: Counter[int] = Counter()
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
        seconds = max(map(self._note, ended), default=0.0)
        if any(self._failed[index] >= FAILED_STARTS for index in ended) and not self._any_steady():
            _LOG.error("workers fail to start: the service ends")
            self.interrupt_children.extend(ended)  # by which Granian knows that the exit code is 1
            self.signal_handler_interrupt()
        self._wait(seconds)
        if self.interrupt_signal:  # the service ends
            return
        super()._respawn_workers(workers, spawn_target, target_loader, delay=delay)
        self.respawned_wrks.clear()  # by which Granian would know that it was a second time
        if self.interrupt_children:  # another ended while this one was replaced
            self.main_loop_interrupt.set()

    def _any_steady(self) -> bool:
        now = time.monotonic()
        return any(worker.is_alive() and now >= worker.birth + STEADY_SECONDS for worker in self.wrks)

    def _note(self, index: int) -> float:
        """Tell the log how a worker ended, and return for how long its place should stay empty."""
        worker = self.wrks[index]
        lived, code = time.monotonic() - worker.birth, worker.inner.exitcode or 0
        early = lived < STEADY_SECONDS
        self._early[index] = self._early[index] + 1 if early else 0
        self._failed[index] = self._failed[index] + 1 if early and code > 0 else 0  # by an error of its own, no signal
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
