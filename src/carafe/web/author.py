"""Who is written into the history for what a request changes."""

from __future__ import annotations

from carafe.access import Principal


def author(principal: Principal | None) -> str:
    """Return a key's name and identifier, such as ``deploy (key a1B2c3D4e5)``; in open mode ``anyone``."""
    if principal is None:
        return ""
    return f"{principal.name} (key {principal.key})" if principal.key else principal.name
