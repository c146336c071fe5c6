"""What ``carafe init`` writes: the decisions that a training run would take."""

from __future__ import annotations

from pathlib import Path

import msgspec

from carafe.cli.recipes import Order, beside
from carafe.tables import find_leaks
from carafe.training.recipe.default import column_notes
from carafe.training.run import plan_run


def written(order: Order, path: Path) -> str:
    """Return the recipe for a table as commented TOML, to be written at ``path``.

    Raises:
        UnknownColumn, UntrainableTable: as training would.
    """
    study, split, plan = plan_run(order.reading.table(), recipe=order.recipe)
    training = study.typed[split.train]
    leaks = find_leaks(training, study.profile, plan.recipe.data.target, task=study.task)
    notes = column_notes(study.profile, frame=study.typed, leaks=leaks)
    source = beside(order.reading.data, path) if order.reading.data is not None else ""
    data = msgspec.structs.replace(plan.recipe.data, source=source)
    return msgspec.structs.replace(plan.recipe, data=data).to_toml(notes=notes)
