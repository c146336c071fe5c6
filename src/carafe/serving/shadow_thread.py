"""The thread of shadows: what waits for it, how it gives way to all others, and how what it asks is broken off."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Event, Lock, Thread, get_ident, get_native_id
from typing import TypeVar

import msgspec

from carafe.schema import Prediction, PredictResponse, Rows
from carafe.serving.served import Served

SWITCH_SECONDS = 0.0005
"""How long a thread may keep the interpreter from others while a shadow is asked; usually it may for ten times that."""

LOWEST = 19
"""The thread's niceness: whoever else wants a core comes first."""

T = TypeVar("T")


class Asked(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What a request asked, and what was answered."""

    when: float
    shadows: tuple[Served, ...]
    response: PredictResponse
    rows: Rows
    prediction: Prediction
    probabilities: bool


class Interruptible:
    """Work of one thread that another may break off; nothing else that the thread does is struck."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._ident: int | None = None

    def run(self, work: Callable[[], T]) -> T:
        """Return what ``work`` returns.

        Raises:
            SystemExit: when it was broken off, at any point of this call and at none after it.
        """
        try:
            self._ident = get_ident()
            return work()
        finally:
            with self._lock:  # whoever breaks it off did so before, and is felt here at the latest, or comes too late
                self._ident = None

    def interrupt(self) -> bool:
        """Raise SystemExit in the work as soon as it is in Python code; tell whether there was any.

        A loop without end would else take time for ever.
        """
        with self._lock:
            ident, self._ident = self._ident, None
            if ident is not None:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(ident), ctypes.py_object(SystemExit))
            return ident is not None


@dataclass(slots=True, eq=False)
class Running:
    """The thread of one process; a forked child inherits neither it nor, for sure, the state of its queue."""

    waiting: SimpleQueue[Asked | None] = field(default_factory=SimpleQueue)
    stopped: Event = field(default_factory=Event)
    lock: Lock = field(default_factory=Lock)
    work: Interruptible = field(default_factory=Interruptible)
    thread: Thread | None = None
    since: float | None = None
    """When the shadow was asked that is asked now."""
    asking: Served | None = None

    def empty(self) -> None:
        """Forget what waits."""
        with suppress(Empty):
            while True:
                self.waiting.get_nowait()


def come_last() -> None:
    """Give this thread the lowest priority; only on Linux do threads have one of their own."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, get_native_id(), LOWEST)


@contextmanager
def giving_way() -> Iterator[None]:
    """Let threads that want the interpreter's lock have it soon during a block.

    A shadow that runs Python for long would else hold up each request that waits for the lock by 5 ms, and again
    whenever that request has let go of it.
    """
    usual = sys.getswitchinterval()
    if usual <= SWITCH_SECONDS:  # another service in this process does the same
        yield
        return
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)
