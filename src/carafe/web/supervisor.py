"""The parent of the workers: it puts another in the place of each that ends unasked, and goes on doing so.

Granian by itself ends the whole service when a worker ends within seconds of being started again. A worker that is
killed, by the system where memory is short or by a library that crashes, may cost the requests it had, and no others'.
"""

from __future__ import annotations

import logging
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from multiprocessing.connection import wait
from threading import Event, Timer
from typing import Any

from granian import Granian
from granian._granian import SocketHolder

from carafe.web.drain import Drain
from carafe.web.listening import Listening
from carafe.web.pulse import Pulse

STEADY_SECONDS = 10.0
"""A worker that lived for so long had started well; what ends it is not counted with what ended its predecessors."""

FAILED_STARTS = 3
"""After how many failed starts in one place the service ends, if no worker has been up for STEADY_SECONDS."""

LONGEST_PAUSE = 5.0
"""The most seconds for which a worker's place stays empty."""

_LOG = logging.getLogger("carafe.web")
_GRANIAN = logging.getLogger("_granian")
_UNIX = False
"""Whether the sockets are Unix's own."""

_BUSY_THREADS = "Configuration allows spawning up to"


def pause(early: int) -> float:
    """Return how many seconds a place stays empty after so many workers in a row ended early: none after the first."""
    return 0.0 if early < 2 else min(LONGEST_PAUSE, 0.5 * 2.0 ** min(early - 2, 10))


class Supervisor(Granian):  # type: ignore[misc, valid-type]  # which class that is depends on the interpreter
    """Granian, but the service ends only when it is told to, or when its workers can't start in the first place.

    Args:
        args, options: Granian's own.
        drain: is begun at SIGTERM.
        drain_seconds: for how long what comes is answered after that, before the workers are ended. SIGINT, a second
            SIGTERM, and 0 end them at once.
    """

    def __init__(
        self,
        *args: Any,  # noqa: ANN401 - Granian's own
        drain: Drain | None = None,
        drain_seconds: float = 0,
        **options: Any,  # noqa: ANN401
    ) -> None:
        super().__init__(*args, **options)
        self._drain = drain or Drain()
        self._drain_seconds = drain_seconds
        self._early: Counter[int] = Counter()
        self._failed: Counter[int] = Counter()
        self._empty: dict[int, Event] = {}
        """The places that wait for a worker, each with whether its pause is over."""
        self._hopeless = False
        self._listening = Listening(host=self.bind_addr, port=self.bind_port, places=self.workers, backlog=self.backlog)
        self._pulse = Pulse(places=self.workers)
        # Threads here wait for each other's runs far more than they compute: there may be more than cores.
        _GRANIAN.addFilter(_about_something_else)

    def signal_handler_interrupt(self, signum: int = 0, frame: object = None) -> None:
        """Begin to drain at the first SIGTERM, end at any other signal."""
        del frame
        if signum == signal.SIGTERM and self._drain_seconds > 0 and not self._drain.begun:
            self._drain.begin()
            ending = Timer(self._drain_seconds, self.signal_handler_interrupt)
            ending.daemon = True
            ending.start()
            return
        self._drain.begin()
        super().signal_handler_interrupt()

    def _init_shared_socket(self) -> None:
        """Listen here, not in the workers; Granian would let each worker open a socket of its own."""
        self._ssp = self._sfd = self._sso = None
        self._listening.open()
        self._pulse.watch(self._stuck)

    def _drop_shared_socket(self) -> None:
        self._listening.close_all()

    def _spawn_worker(self, idx: int, target: Callable[..., object], callback_loader: Callable[[], object]) -> object:
        self._pulse.stop(idx)
        socket = self._listening.at(idx)
        self._shd = SocketHolder(socket.fileno(), _UNIX, self.backlog)  # type: ignore[call-arg]  # its stub lags behind
        grace = self.workers_kill_timeout or 0
        load = partial(_begun, self._pulse, idx, os.getpid(), grace, callback_loader)
        return super()._spawn_worker(idx, target, partial(self._listening.alone, idx, load))

    def _respawn_workers(
        self,
        workers: Sequence[int],
        spawn_target: Callable[..., object],
        target_loader: Callable[..., object],
        delay: float = 0,
    ) -> None:
        """Put other workers in the places of those that ended, or of ``workers``, where these are asked to go.

        Who ended is seen here: Granian forgets a worker that ends while it reads its list of those, and where one was
        replaced already whose end it tells of later, the next would be ended for it.
        """
        # Only where workers that live are to be replaced, as at SIGHUP, does Granian leave a time between them.
        asked = [index for index in workers if delay and self.wrks[index].is_alive()]
        ended = [index for index, one in enumerate(self.wrks) if index not in self._empty and not one.is_alive()]
        if ended and self._drain.begun and all(self.wrks[index].inner.exitcode == 0 for index in ended):
            self.signal_handler_interrupt()  # whoever signalled the parent signalled the workers, too
            return
        for index in ended:
            self._leave_empty(index, self._note(index))
        if any(self._failed[index] >= FAILED_STARTS for index in ended) and not self._any_steady():
            _LOG.error("workers fail to start: the service ends")
            self._hopeless = True
            self.signal_handler_interrupt()
        if self.interrupt_signal:  # the service ends
            return
        due = sorted(index for index, over in self._empty.items() if over.is_set())
        super()._respawn_workers(asked + due, spawn_target, target_loader, delay=delay)
        for index in due:
            del self._empty[index]
        self.respawned_wrks.clear()  # by which Granian would know that it was a second time
        if self.interrupt_children:  # another ended while this one was replaced
            self.main_loop_interrupt.set()

    def _leave_empty(self, index: int, seconds: float) -> None:
        """Let no worker be in a place for so long; those in other places come and go meanwhile."""
        over = self._empty[index] = Event()
        if not seconds:
            over.set()
            return
        self._listening.close(index)  # for as long as a place stays empty, connections go to the others
        filling = Timer(seconds, self._fill, (index, over))
        filling.daemon = True
        filling.start()

    def _fill(self, index: int, over: Event) -> None:
        over.set()
        if not self.interrupt_signal:
            self.interrupt_children.append(index)
            self.main_loop_interrupt.set()

    def _stop_workers(self) -> None:
        """End every worker, and kill those that have not ended in time.

        Granian's own asks each process twice at a time, from two threads: one of them learns how it ended, the other
        takes it for alive, says so in the log, and kills a process that is gone.
        """
        for worker in self.wrks:
            worker.terminate()
        until = time.monotonic() + (self.workers_kill_timeout or 0)
        for worker in self.wrks:
            if not wait([worker.inner.sentinel], timeout=max(0.0, until - time.monotonic())):
                _LOG.error("worker %d does not end: killed", worker.idx + 1)
                worker.kill()
                wait([worker.inner.sentinel])
        self.wrks.clear()
        # By which Granian knows that the exit code is 1; whoever ended by a signal to all processes did as told.
        self.interrupt_children = [0] if self._hopeless else []

    def _stuck(self, place: int) -> None:
        """Kill a worker whose interpreter stands still; its end is noticed as any other."""
        for worker in [one for one in self.wrks if one.idx == place]:
            _LOG.error("worker %d gives no sign of life: killed", place + 1)
            worker.inner.kill()

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


def _begun(pulse: Pulse, place: int, parent: int, grace: float, load: Callable[[], object]) -> object:
    """Show that a worker lives, then load what it serves; told to end meanwhile, it ends at once.

    Until Granian listens to signals itself, a worker has the parent's handlers, which would only take note of them.
    """
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, signal.SIG_DFL)
    pulse.keep(place, parent=parent, grace=grace)
    return load()


def _about_something_else(record: logging.LogRecord) -> bool:
    return _BUSY_THREADS not in str(record.msg)
