"""An error that is kept, without what was under way when it was raised."""

from __future__ import annotations

from typing import TypeVar

E = TypeVar("E", bound=BaseException)


def afresh(error: E) -> E:
    """Return the same error as if it had never been raised.

    The traceback of one that was, and those of its causes, hold every variable of the calls that it ended: a model
    that is loaded by half, a request. Whoever keeps an error, or raises one to several threads, takes another.
    """
    fresh = type(error).__new__(type(error), *error.args)
    fresh.__dict__.update(vars(error))
    return fresh
