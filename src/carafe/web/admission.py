"""Who is let in at the door: requests with long bodies or many rows a few at a time, all others at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from carafe.errors import DeadlineExceeded, ServerBusy
from carafe.serving.refusals import spelled
from carafe.serving.turnstile import Full, Late, Turnstile
from carafe.web.call import CONTENT_LENGTH, Call
from carafe.web.route import TABLE, Route

DIGITS = 4
"""A body is long whose length has more digits: from 10,000 bytes on."""


def admitted(call: Call, route: Route, bodies: Turnstile) -> AbstractContextManager[None] | None:
    """Return what a request that needs a place has to go through; None where it needs none, which most don't.

    Tables go to disk and have places of their own.
    """
    if route.takes is None or route.protocol is TABLE:
        return None
    return None if _short(call) else _inside(bodies)


def admitted_rows(call: Call, bodies: Turnstile) -> AbstractContextManager[None]:
    """Return what a request has to go through once its rows are known to be many, or to be asked about unqueued.

    One whose body is long has its place already; a second of the same kind might wait for those that wait like it.
    """
    return _inside(bodies) if _short(call) else nullcontext()


def _short(call: Call) -> bool:
    return 0 < len(call.headers.get(CONTENT_LENGTH) or "") <= DIGITS


@contextmanager
def _inside(bodies: Turnstile) -> Iterator[None]:
    try:
        with bodies.passing():
            yield
    except Full:
        raise ServerBusy("too many requests with long bodies or many rows are under way; ask again later") from None
    except Late as late:
        story = f"the request waited {spelled(late.waited)} for others with long bodies or many rows"
        raise (DeadlineExceeded if late.given else ServerBusy)(f"{story}; ask again later") from None
