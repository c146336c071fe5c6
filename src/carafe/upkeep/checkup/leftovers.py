"""What an upgrade, a first start or a restoration left behind that died on the way."""

from __future__ import annotations

from pathlib import Path

from carafe.access.home import RESTORING
from carafe.access.secret import FILE as SECRET
from carafe.database import exclusively
from carafe.database.engine import FILE as DATABASE
from carafe.upkeep.checkup.finding import Finding, Findings, Order, State
from carafe.upkeep.mark import open_if_restored

CHECK = "leftovers"


def check_leftovers(order: Order) -> Findings:
    """Find drafts that never became files, and a restoration that did not end."""
    home = order.settings.home
    if (home / RESTORING).exists():
        yield _restoration(order)
    drafts = _drafts(home)
    if not drafts:
        yield Finding(check=CHECK, state=State.OK, says="nothing was left half done")
    elif order.repair:
        with exclusively(home):  # nobody is writing one now
            for draft in _drafts(home):
                draft.unlink(missing_ok=True)
        yield Finding(check=CHECK, state=State.MENDED, says=f"removed {_names(drafts)}")
    else:
        yield Finding(
            check=CHECK,
            state=State.WARNING,
            says=f"{_names(drafts)}: left by a process that died, unless one is writing now",
            advice="carafe doctor --repair",
        )


def _restoration(order: Order) -> Finding:
    if order.repair and open_if_restored(order.settings):
        return Finding(
            check=CHECK, state=State.MENDED, says="a restoration had died when all was restored: the home is open now"
        )
    advice = "" if order.repair else "; if that one had restored everything, `carafe doctor --repair` opens the home"
    return Finding(
        check=CHECK,
        state=State.PROBLEM,
        says="a restoration was begun in this home and has not ended",
        advice=f"wait for it, or run the same `carafe restore` again{advice}",
    )


def _drafts(home: Path) -> list[Path]:
    return sorted(path for name in (DATABASE, SECRET) for path in home.glob(f"{name}*.new*"))


def _names(drafts: list[Path]) -> str:
    return ", ".join(draft.name for draft in drafts)
