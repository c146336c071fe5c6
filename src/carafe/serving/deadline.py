"""Until when an answer is of use to the request that this thread (or greenlet) answers, for whoever lets it wait."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_DEADLINE: ContextVar[float | None] = ContextVar("carafe_deadline", default=None)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Let nothing that is asked in this block reach a model later than ``seconds`` from now."""
    token = _DEADLINE.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _DEADLINE.reset(token)


def deadline() -> float | None:
    """Return the moment, on the monotonic clock, after which the answer is of no use; None where none was given."""
    return _DEADLINE.get()
