"""Who is let in at the door: requests with long bodies a few at a time, all others at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

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
    length = call.headers.get(CONTENT_LENGTH)
    return None if length and len(length) <= DIGITS else _inside(bodies)


@contextmanager
def _inside(bodies: Turnstile) -> Iterator[None]:
    try:
        with bodies.passing():
            yield
    except Full:
        raise ServerBusy("too many requests with long bodies are under way; ask again later") from None
    except Late as late:
        story = f"the request waited {spelled(late.waited)} for others with long bodies"
        raise (DeadlineExceeded if late.given else ServerBusy)(f"{story}; ask again later") from None
