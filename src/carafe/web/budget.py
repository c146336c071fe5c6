"""How long a client waits for an answer, as it says itself in a header."""

from __future__ import annotations

import re

from carafe.errors import InvalidParameter
from carafe.web.call import PREFER, X_REQUEST_TIMEOUT, Headers
from carafe.web.prefer import preferred_wait

LONGEST = 999_999_999
"""The largest number that is taken: what has more digits is no time that anybody waits."""

_TIMEOUT = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?) ?(ms|s|)", re.ASCII)


def budget_of(headers: Headers) -> float | None:
    """Return the seconds that a client gives, from the arrival of its request on; None where it says nothing.

    Where both headers came, the smaller one counts. A preference that can't be read is none (RFC 7240); a time-out is.

    Raises:
        InvalidParameter: when X-Request-Timeout can't be read.
    """
    told, preferred = headers.get(X_REQUEST_TIMEOUT), headers.get(PREFER)
    if told is None and preferred is None:
        return None
    wait = preferred_wait(preferred)
    if told is None:
        return wait
    seconds = read_timeout(told)
    return seconds if wait is None else min(seconds, wait)


def read_timeout(text: str) -> float:
    """Return the seconds of ``2``, ``0.5``, ``2s`` or ``500ms``.

    Raises:
        InvalidParameter: when it is none of these.
    """
    found = _TIMEOUT.fullmatch(text.strip())
    if found is None:
        # Carafe's own server hands a header over as nothing where it holds more than ASCII.
        got = ascii(text[:40]) if text.strip() else "nothing, or other characters than ASCII"
        raise InvalidParameter(
            f"X-Request-Timeout: got {got}, expected seconds such as 2 or 0.5, or 500ms, up to {LONGEST}"
        )
    return float(found[1]) / (1000 if found[2] == "ms" else 1)
