"""What was asked lately, in three numbers, and whether one more fits: a sliding window counter.

The window of a limit is as long as the limit's time and moves with it. What was asked is counted in two halves: in the
stretch that runs, and in the one before, of which as much counts as the window still covers, as if it had come evenly.
Stretches begin with the first request after a rest, so a rested caller may ask for everything at once, and over any
number of whole stretches no more than the limit times their number is let through.

Source: the approximation is Cloudflare's (Desgats, "How we built rate limiting capable of scaling to millions of
domains", 2017), there with stretches that begin with the clock's.
"""

from __future__ import annotations

from typing import NamedTuple

from carafe.access.rate import Rate

NANOSECONDS = 1_000_000_000


class Window(NamedTuple):
    """What one caller asked lately."""

    began: int = 0
    """When the stretch that runs began, in nanoseconds on whatever clock the limiter reads."""
    before: int = 0
    """How many requests were let through in the stretch before."""
    now: int = 0
    """How many were in the one that runs."""


def take(window: Window, rate: Rate, moment: int) -> tuple[Window, float]:
    """Let one request through, if it fits.

    Args:
        window: what was asked so far; a new one for a caller who never asked.
        rate: the limit.
        moment: now, in nanoseconds.

    Returns:
        The window with the request in it, and 0; or the window without it, and for how many seconds none will fit.
    """
    length = rate.seconds * NANOSECONDS
    window = _moved(window, length, moment)
    counted = window.before * (length - (moment - window.began)) / length
    if counted + window.now < rate.requests:
        return window._replace(now=window.now + 1), 0.0
    return window, _wait(window, rate, moment)


def _moved(window: Window, length: int, moment: int) -> Window:
    """Return the window with the stretch in it that runs now."""
    passed = (moment - window.began) // length
    if passed == 0:
        return window
    if passed == 1:
        return Window(began=window.began + length, before=window.now)
    return Window(began=moment)  # a rest, or a clock that was set back


def _wait(window: Window, rate: Rate, moment: int) -> float:
    """Return after how many seconds the next request fits, if none comes until then."""
    length = rate.seconds * NANOSECONDS
    room = rate.requests - window.now
    if room > 0:  # as soon as less of the stretch before is in the window
        free = window.began + length * (1 - room / window.before)
    else:  # not before what is counted now becomes the stretch before
        free = window.began + length * (2 - rate.requests / window.now)
    return max(free - moment, 1) / NANOSECONDS
