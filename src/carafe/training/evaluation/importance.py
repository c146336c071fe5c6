"""Permutation importance: how much worse the score gets when one input column is shuffled.

Source: Breiman, "Random forests", 2001; measured here on the hold-out and on the columns of a request, not on the
features made of them. Columns that say the same thing share their importance, so each may look unimportant.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from carafe.models.manifest import Importance
from carafe.schema import Rows
from carafe.training.evaluation.scores import score
from carafe.training.labelled import Labelled
from carafe.training.progress import Progress, Step, silent

MAX_ROWS = 1_000
"""So many held-out rows are shuffled at most."""

MAX_REPEATS = 5
"""How often each column is shuffled."""

MAX_SHUFFLES = 250
"""With more columns each is shuffled fewer times; with more columns than this, none."""


def permutation_importance(
    estimator: Any,  # noqa: ANN401 - scikit-learn ships no types
    data: Labelled,
    *,
    seed: int,
    progress: Progress = silent,
) -> tuple[Importance, ...]:
    """Return each column's importance, the most important first; none where there are too many columns.

    The unit is that of the score: log loss for classes, the target's own unit for numbers.
    """
    names = data.signature.names
    repeats = min(MAX_REPEATS, MAX_SHUFFLES // len(names))
    if not repeats or data.count < 2:
        return ()
    draw = np.random.default_rng(seed)
    if data.count > MAX_ROWS:
        data = data.take(np.sort(draw.choice(data.count, MAX_ROWS, replace=False)).astype(np.intp))
    before = score(estimator, data)
    found = []
    for position, name in enumerate(names):
        progress(Step(done=position / len(names), doing=f"shuffling {name}"))
        worse = [score(estimator, _shuffled(data, position, draw)) - before for _ in range(repeats)]
        found.append(Importance(column=name, mean=float(np.mean(worse)), deviation=float(np.std(worse))))
    return tuple(sorted(found, key=lambda importance: -importance.mean))


def _shuffled(data: Labelled, position: int, draw: np.random.Generator) -> Labelled:
    columns = list(data.rows.columns)
    columns[position] = columns[position][draw.permutation(data.count)]
    return replace(data, rows=Rows(tuple(columns)))
