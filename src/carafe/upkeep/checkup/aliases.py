"""Whether aliases are what the history says they are."""

from __future__ import annotations

from carafe.errors import NotFound
from carafe.registry import Registry
from carafe.registry.history import HistoryQuery
from carafe.registry.version import Alias
from carafe.upkeep.checkup.finding import Finding, Findings, Order, State, counted

CHECK = "history"


def check_aliases(order: Order, registry: Registry) -> Findings:
    """Find aliases that are not what their last entry made them; a new entry mends them, as they are."""
    checked = 0
    for name, alias in ((model.name, alias) for model in registry.every_model() for alias in model.aliases):
        checked += 1
        if _agrees(registry, name, alias):
            continue
        if order.repair:
            reason = "the history did not say so"
            registry.direct(name, alias.name, alias.traffic, by="carafe doctor", reason=reason, expected=alias.revision)
        yield Finding(
            check=CHECK,
            state=State.MENDED if order.repair else State.PROBLEM,
            says=f"{name}@{alias.name} ({alias.traffic}) is not what the history's last entry says",
            advice="" if order.repair else "carafe doctor --repair writes an entry of what it is",
        )
    compared = counted(checked, "alias was", "aliases were")
    yield Finding(check=CHECK, state=State.OK, says=f"{compared} compared with the history")


def _agrees(registry: Registry, name: str, alias: Alias) -> bool:
    """Tell whether the last entry is the alias's, or somebody has moved it meanwhile."""
    try:
        last = registry.history(name, HistoryQuery(alias=alias.name, size=1)).items
        if last and last[0].id == alias.revision and last[0].after == alias.traffic:
            return True
        return registry.alias(name, alias.name).revision != alias.revision
    except NotFound:
        return True  # it was dropped meanwhile
