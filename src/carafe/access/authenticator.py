"""From a key that was presented to a principal, fast enough for every request."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from carafe.access.keys import Keys, identifier
from carafe.access.permission import Principal
from carafe.access.rate import Rate
from carafe.errors import DamagedHome, StorageUnavailable, Unauthenticated

LIFETIME = 2.0
"""Seconds for which a proved key is believed without asking the store; a revocation takes effect within them."""

CAPACITY = 1024
"""How many proved keys are remembered at once."""

GRACE = 3600.0
"""Seconds for which a proved key is believed while the store can't be asked: loaded models answer on meanwhile.

No longer, because a key may have been revoked where another process can still reach the store."""

_FRESH = 1.0
"""Seconds after which a key whose LIFETIME is over was too long out of use to be believed while it is asked about."""

_NO_DIGEST = "0" * 64


@dataclass(frozen=True, slots=True)
class _Proved:
    principal: Principal
    proved: float
    until: float


class Authenticator:
    """Tells who presents a key. Safe to use from several threads.

    Only keys that were proved are remembered, as they came and for LIFETIME; a wrong key always asks the store, and
    says nothing about why it failed. How long a look into the memory takes tells nothing about the keys in it: they
    are found by a hash that is keyed at random in every process. ``rate`` limits those whose key has none of its own.

    While the store can't be asked, a key that this process has proved is believed for GRACE, also where it was revoked
    meanwhile: a machine that is cut off from its database can't tell. Of a key that is in steady use one request asks,
    and the others go on, as a server that does not answer takes seconds to be given up. A key that lay unused is
    believed by nobody before the store has answered: it may have been revoked long ago.
    """

    def __init__(
        self,
        keys: Keys,
        *,
        rate: Rate | None = None,
        lifetime: float = LIFETIME,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._keys = keys
        self._rate = rate
        self._lifetime = lifetime
        self._clock = clock
        self._proved: dict[str | None, _Proved] = {}
        self._asking: dict[str | None, float] = {}

    def authenticate(self, presented: str | None) -> Principal:
        """Return the principal whose key this is.

        Raises:
            Unauthenticated: when no key came, or one that is unknown, malformed or revoked; it never says which.
            StorageUnavailable: when the store can't be asked about a key that was never proved here.
        """
        known = self._proved.get(presented) if presented is not None else None
        now = self._clock()
        if known is not None and (now < known.until or self._goes_on(known, now, asked=self._asking.get(presented))):
            return known.principal
        self._asking.setdefault(presented, now)
        try:
            principal = self._prove(presented)
        except Unauthenticated:
            self._proved.pop(presented, None)
            raise
        except (StorageUnavailable, DamagedHome):
            if known is None or now > known.proved + GRACE:
                raise
            self._proved[presented] = replace(known, until=self._clock() + self._lifetime)
            return known.principal
        finally:
            self._asking.pop(presented, None)
        if len(self._proved) >= CAPACITY:
            self._proved = {}  # rare, and cheaper than bookkeeping: each key in use is proved once more
        self._proved[presented] = _Proved(principal, now, now + self._lifetime)
        return principal

    def _goes_on(self, known: _Proved, now: float, *, asked: float | None) -> bool:
        """Return whether a key is believed while another request asks about it, since ``asked``; None for nobody."""
        return asked is not None and asked < known.until + _FRESH and now <= known.proved + GRACE

    def _prove(self, presented: str | None) -> Principal:
        key = identifier(presented) if presented is not None else None
        if presented is None or key is None:
            raise _refusal()
        digest = self._keys.digest(presented)
        record = self._keys.store.find(key)
        matches = hmac.compare_digest(digest, record.digest if record is not None else _NO_DIGEST)
        if record is None or not matches or record.revoked is not None:
            raise _refusal()
        return Principal(
            name=record.name,
            key=record.id,
            role=record.role,
            permissions=record.role.permissions,
            rate=record.rate or self._rate,
        )


def _refusal() -> Unauthenticated:
    return Unauthenticated("send a key in the header 'Authorization: Bearer carafe_...' or 'X-API-Key: carafe_...'")
