"""Whether an alias and its model's gates are still what whoever changes it has seen."""

from __future__ import annotations

from carafe.errors import AliasChanged
from carafe.registry.gates import Gates
from carafe.registry.history import Change
from carafe.registry.version import Alias


def check_expected(change: Change, found: Alias | None) -> None:
    """Return when the alias is as the change expects it.

    Args:
        change: what is to be done.
        found: the alias as it stands; None where there is none.

    Raises:
        AliasChanged: when it has another revision, or is there and should not be, or the other way round.
    """
    check_revision(f"{change.name}@{change.alias}", change.expected, found)


def check_revision(called: str, expected: int | None, found: Alias | None) -> None:
    """Return when the alias that is ``called`` so is at the expected revision; as ``check_expected`` otherwise."""
    if expected is None or expected == (found.revision if found else 0):
        return
    if found is None:
        raise AliasChanged(f"{called}: expected revision {expected}, but there is no such alias (any more)")
    wanted = f"revision {expected}" if expected else "that there was none yet"
    raise AliasChanged(
        f"{called}: expected {wanted}, but it is at revision {found.revision} now, with {found.traffic}: look again, "
        "then decide"
    )


def check_judged(change: Change, gates: Gates) -> None:
    """Return when the model has the gates by which the change was judged, or none stand before it.

    Raises:
        AliasChanged: when it has others.
    """
    if change.judged is None or change.judged == gates:
        return
    raise AliasChanged(
        f"{change.name}@{change.alias}: it was judged by other gates ({change.judged}) than those that are set now "
        f"({gates}): try again"
    )
