"""Fitted estimators as kernels and heads; imported where models are published, never where they are served.

* ``lowering``: what an estimator becomes. ``ensemble``: trees as a graph in double precision.
* ``linear``, ``trees``, ``histogram``, ``lightgbm``: one family a file, each with a table from exact types to what lowers them.
"""

from __future__ import annotations

from typing import Any

from carafe.models.lowering.estimators.histogram import HISTOGRAM
from carafe.models.lowering.estimators.lightgbm import lightgbm_table
from carafe.models.lowering.estimators.linear import LINEAR
from carafe.models.lowering.estimators.lowering import Lowering
from carafe.models.lowering.estimators.trees import TREES
from carafe.models.lowering.refusal import NotLowered

__all__ = ["Lowering", "lower_estimator"]


def lower_estimator(estimator: Any) -> Lowering:  # noqa: ANN401 - scikit-learn ships no types
    """Return a fitted estimator, which takes a float64 matrix, as data.

    Raises:
        NotLowered: when it is none that has an exact kernel; says why.
    """
    lowered = {**LINEAR, **TREES, **HISTOGRAM, **lightgbm_table()}.get(type(estimator))
    if lowered is None:
        raise NotLowered(f"{type(estimator).__name__} has no exact kernel")
    return lowered(estimator)
