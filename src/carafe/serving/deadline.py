"""Until when an answer is of use to the request that this thread (or greenlet) answers, for whoever lets it wait.

Whoever decodes a request says so, be it from a header or from a protocol's own field: ``with within(0.5): ...`` around
the asking. Whoever is about to begin something that takes long asks ``check_deadline()``.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from carafe.errors import DeadlineExceeded

DEADLINE: ContextVar[float | None] = ContextVar("carafe_deadline", default=None)
"""The moment itself, for where a look must cost next to nothing; elsewhere use the functions."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Let nothing that is asked in this block reach a model later than ``seconds`` from now."""
    with until(time.monotonic() + seconds):
        yield


@contextmanager
def until(moment: float | None) -> Iterator[None]:
    """Let nothing that is asked in this block reach a model after ``moment``; an earlier one around it holds, too.

    Args:
        moment: on the monotonic clock; None changes nothing.
    """
    known = DEADLINE.get()
    token = DEADLINE.set(known if moment is None or (known is not None and known < moment) else moment)
    try:
        yield
    finally:
        DEADLINE.reset(token)


def deadline() -> float | None:
    """Return the moment, on the monotonic clock, after which the answer is of no use; None where none was given."""
    return DEADLINE.get()


def left() -> float | None:
    """Return how many seconds are left, 0 where the time is over; None where none was given."""
    moment = DEADLINE.get()
    return None if moment is None else max(0.0, moment - time.monotonic())


def check_deadline() -> None:
    """Go on only where the answer can still be of use.

    Raises:
        DeadlineExceeded: when the time is over.
    """
    if left() == 0.0:
        raise DeadlineExceeded(
            "the time that the client gave was over before the model was asked; give more time, or less to do"
        )
