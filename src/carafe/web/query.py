"""Query parameters: known names only, each once, each with a value that can be used."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from urllib.parse import parse_qsl

from carafe.errors import InvalidParameter
from carafe.registry.history import last_moment
from carafe.web.call import Call

MOST = 50
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_TRUTH = {"true": True, "1": True, "": True, "false": False, "0": False}


def read_query(call: Call, *known: str) -> Mapping[str, str]:
    """Return a call's parameters by name, as ``parse_query`` does."""
    return parse_query(call.query, *known)


def parse_query(query: str, *known: str) -> Mapping[str, str]:
    """Return the parameters in a query by name.

    Raises:
        InvalidParameter: for a name that is not ``known``, or that comes twice.
    """
    if not query:
        return {}
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=MOST, errors="strict")
    except ValueError:
        raise InvalidParameter(f"the query can't be read: expected at most {MOST} parameters in UTF-8") from None
    names = [name for name, _ in pairs]
    for name in names:
        if name not in known:
            offer = f"one of: {', '.join(known)}" if known else "none"
            raise InvalidParameter(f"got the query parameter {name[:60]!a}, this route takes {offer}")
        if names.count(name) > 1:
            raise InvalidParameter(f"{name}: got it more than once, expected it once")
    return dict(pairs)


def truth(query: Mapping[str, str], name: str) -> bool:
    """Return a parameter that is true or false; false where it did not come, true where it came without a value."""
    text = query.get(name, "false")
    if text.lower() not in _TRUTH:
        raise InvalidParameter(f"{name}: got {text[:60]!a}, expected true or false")
    return _TRUTH[text.lower()]


def whole(query: Mapping[str, str], name: str, *, default: int, most: int) -> int:
    """Return a parameter that is a whole number from 1 to ``most``."""
    return number(query[name], name, most=most) if name in query else default


def number(text: str, name: str, *, most: int = 999_999_999) -> int:
    """Return ``text`` as a whole number from 1 to ``most``.

    Raises:
        InvalidParameter: when it is none.
    """
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and 1 <= int(text) <= most):
        raise InvalidParameter(f"{name}: got {text[:60]!a}, expected a whole number from 1 to {most}")
    return int(text)


def moment(query: Mapping[str, str], name: str) -> datetime | None:
    """Return a parameter that is a date-time of RFC 3339, in UTC; None where it did not come. A day means its end.

    Raises:
        InvalidParameter: when it is none.
    """
    text = query.get(name)
    if text is None:
        return None
    try:
        if _DAY.fullmatch(text):
            return last_moment(date.fromisoformat(text))
        if _MOMENT.fullmatch(text):
            return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise InvalidParameter(
        f"{name}: got {text[:60]!a}, expected a day such as 2026-11-01 or a moment such as 2026-11-01T12:00:00Z or "
        "2026-11-01T13:00:00%2B01:00 (in a query, + is written %2B)"
    )
