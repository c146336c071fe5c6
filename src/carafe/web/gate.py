"""Who asks, and whether they may."""

from __future__ import annotations

import math
from urllib.parse import urlsplit

from carafe.access import ANYONE, Authenticator, Limiter, Permission, Principal, Rate, check
from carafe.errors import Forbidden, RateLimited, Unauthenticated
from carafe.settings import is_loopback
from carafe.web.call import AUTHORIZATION, HOST, ORIGIN, X_API_KEY, Call
from carafe.web.trace import Trace

LONGEST_KEY = 1024
"""A longer credential is refused unread."""


class Gate:
    """Lets a call through, or says why not."""

    def __init__(self, *, authenticator: Authenticator, limiter: Limiter, open_mode: bool) -> None:
        self._authenticator = authenticator
        self._limiter = limiter
        self._open = open_mode

    def check_origin(self, call: Call) -> None:
        """Where no key is asked for, take only calls that this machine's own user made on purpose.

        The address keeps other machines out. The names in Host and Origin keep out web pages that the user happens to
        visit, which may point a name of their own at 127.0.0.1.

        Raises:
            Forbidden: for any other call.
        """
        if not self._open:
            return
        if not is_loopback(call.peer):
            raise Forbidden("this server asks for no key, and so answers this machine only")
        for name, variable in (("Host", HOST), ("Origin", ORIGIN)):
            value = call.headers.get(variable)
            if value is not None and not is_loopback(_host(value)):
                raise Forbidden(f"{name}: this server asks for no key, and so answers to the name localhost only")

    def identify(self, call: Call) -> Principal:
        """Return who asks.

        Raises:
            Unauthenticated: when no valid key came.
        """
        return ANYONE if self._open else self._authenticator.authenticate(_credential(call))

    def admit(self, permission: Permission, call: Call, trace: Trace) -> None:
        """Let who asks through, if they have ``permission``; ``trace`` learns who it is, whether they have or not.

        What is refused counts, too: whoever tries what they may not do has asked.

        Raises:
            Unauthenticated: when no valid key came.
            RateLimited: when its owner has asked as much as they may for now.
            Forbidden: when the key does not permit it.
        """
        principal = trace.principal = self.identify(call)
        if principal.rate is not None:
            self._count(principal, principal.rate)
        check(principal, permission)

    def close(self) -> None:
        """Let go of what counts requests."""
        self._limiter.close()

    def _count(self, principal: Principal, rate: Rate) -> None:
        wait = self._limiter.take(principal.key, rate)
        if wait:
            raise RateLimited(
                f"the key {principal.name!r} may ask {rate}: try again in {math.ceil(wait)} s", retry_seconds=wait
            )


def _credential(call: Call) -> str | None:
    """Return the key that came: as ``X-API-Key: <key>`` or ``Authorization: Bearer <key>``."""
    key = call.headers.get(X_API_KEY)
    if key is None:
        scheme, _, rest = (call.headers.get(AUTHORIZATION) or "").partition(" ")
        key = rest.strip() if scheme.lower() == "bearer" else None
    if key is not None and len(key) > LONGEST_KEY:
        raise Unauthenticated(f"the key that came has {len(key)} characters; a key has about 60")
    return key


def _host(value: str) -> str:
    """Return the host name in a Host or Origin header; an empty text where there is none."""
    try:
        return urlsplit(value if "//" in value else f"//{value}").hostname or ""
    except ValueError:
        return ""
