"""``If-Match`` and ``If-None-Match`` (RFC 9110, section 13.1): a change that is only made to what its sender has seen.

The entity tag of an alias is its revision in quotes. Tags are compared strongly, so a weak one never matches. What has
no revision has no tag that could match: there a condition is false, and never passed over.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from carafe.errors import AliasChanged, AliasNotFound, InvalidParameter, PreconditionFailed
from carafe.registry import Alias, Registry
from carafe.web.call import IF_MATCH, IF_NONE_MATCH, Call

ATTEMPTS = 20
"""How often a change of an alias that only has to exist is tried, while others change it."""

ANY = "*"

_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
_COMMA = re.compile(r"[ \t]*,[ \t]*")
_REVISION = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)

T = TypeVar("T")

Act = Callable[[int | None], T]
"""Makes a change, which expects a revision: 0 for no such alias yet, None for any."""


def tag(revision: int) -> tuple[str, str]:
    """Return the header that tells a revision."""
    return ("ETag", f'"{revision}"')


def conditionally(call: Call, registry: Registry, name: str, alias: str, act: Act[T]) -> T:
    """Make a change of an alias under the conditions that came with the request, and return what it makes.

    Raises:
        InvalidParameter: when a condition is malformed, or two came.
        AliasChanged: when the alias is not as the condition says.
        CarafeError: whatever ``act`` raises.
    """
    wanted, new = _conditions(call)
    if new:
        return act(0)
    if wanted is None:
        return act(None)
    if wanted.strip() == ANY:
        return _while_there(registry, name, alias, act)
    return act(_one_of(_revisions(wanted), registry, name, alias))


def check_unconditional(call: Call) -> None:
    """Go on with a change of what has no revision where the request sets no condition but that it is there.

    Raises:
        InvalidParameter: when a condition is malformed, or two came.
        PreconditionFailed: for any other condition: it can't be held, and is not to be passed over.
    """
    wanted, new = _conditions(call)
    if new:
        raise PreconditionFailed("If-None-Match: got *, but this changes what is there already: leave it out")
    if wanted is not None and wanted.strip() != ANY:
        _revisions(wanted)
        raise PreconditionFailed(
            f"If-Match: got {wanted[:60]!a}, but what this changes has no revision that could match: look at it again, "
            "then ask without the condition"
        )


def _conditions(call: Call) -> tuple[str | None, bool]:
    """Return what If-Match says, None where it did not come; and whether If-None-Match asks for what is to be new."""
    wanted, unwanted = call.headers.get(IF_MATCH), call.headers.get(IF_NONE_MATCH)
    if wanted is not None and unwanted is not None:
        raise InvalidParameter("got If-Match and If-None-Match: expected one of them")
    if unwanted is not None and unwanted.strip() != ANY:
        raise InvalidParameter(f"If-None-Match: got {unwanted[:60]!a}, expected * for an alias that is to be new")
    return wanted, unwanted is not None


def _while_there(registry: Registry, name: str, alias: str, act: Act[T]) -> T:
    """Change an alias that there is, whatever its revision."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return act(_found(registry, name, alias).revision)
        except AliasChanged:
            if attempt == ATTEMPTS:
                raise
    raise AssertionError


def _one_of(revisions: frozenset[int], registry: Registry, name: str, alias: str) -> int:
    """Return the revision that a change is to expect: the one that came, or that of several which the alias has."""
    if len(revisions) == 1:
        return next(iter(revisions))
    found = _found(registry, name, alias)
    if found.revision not in revisions:
        raise AliasChanged(
            f"{name}@{alias}: If-Match names other revisions than {found.revision}, at which it is now, with "
            f"{found.traffic}: look again, then decide"
        )
    return found.revision


def _found(registry: Registry, name: str, alias: str) -> Alias:
    try:
        return registry.alias(name, alias)
    except AliasNotFound as error:
        raise AliasChanged(f"If-Match: {error}") from error


def _revisions(value: str) -> frozenset[int]:
    """Return the revisions among the entity tags of a list; tags that no alias ever has are left out."""
    found, at, value = set(), 0, value.strip(" \t")
    while True:
        match = _TAG.match(value, at)
        if match is None:
            raise InvalidParameter(f'If-Match: got {value[:60]!a}, expected * or revisions in quotes, such as "7"')
        weak, text = match.groups()
        if not weak and _REVISION.fullmatch(text):
            found.add(int(text))
        if match.end() == len(value):
            return frozenset(found)
        comma = _COMMA.match(value, match.end())
        at = comma.end() if comma else len(value)
