"""How much may be asked in how long."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from carafe.errors import InvalidParameter

_UNITS = {"s": 1, "min": 60, "h": 3600, "day": 86_400}
_FORM = re.compile(r"([1-9][0-9]{0,8})/([1-9][0-9]{0,4})?(s|min|h|day)", re.ASCII)

LONGEST = 31 * 86_400
"""The longest time that a limit counts over, in seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """So many requests in so many seconds; all of them may come at once."""

    requests: int
    seconds: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``100/s``, ``6000/min``, ``50/10s``, ``1000/h`` or ``20000/day``.

        Raises:
            InvalidParameter: when it has another form, or counts over more than 31 days.
        """
        found = _FORM.fullmatch(text.strip())
        seconds = int(found[2] or 1) * _UNITS[found[3]] if found else 0
        if found is None or seconds > LONGEST:
            raise InvalidParameter(
                f"rate: got {text[:40]!r}, expected requests and a time of at most 31 days, such as 100/s, 6000/min, "
                "50/10s, 1000/h or 20000/day"
            )
        return cls(requests=int(found[1]), seconds=seconds)

    def __str__(self) -> str:
        unit = next(name for name, size in reversed(_UNITS.items()) if self.seconds % size == 0)
        count = self.seconds // _UNITS[unit]
        return f"{self.requests}/{count if count > 1 else ''}{unit}"
