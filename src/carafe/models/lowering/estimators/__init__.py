"""Fitted estimators as kernels and heads; imported where models are published, never where they are served.

* ``lowering``: what an estimator becomes. ``drawing``: graphs node by node; ``ensemble``: trees as a graph.
* ``linear``, ``trees``, ``histogram``, ``lightgbm``, ``networks``, ``vectors``, ``bayes``, ``calibrated``: a family a
  file, each with a table from exact types to what lowers them. ``target``: what stands between scores and a target
  that was transformed.
"""

from __future__ import annotations

from typing import Any

from carafe.models.lowering.estimators.bayes import BAYES
from carafe.models.lowering.estimators.calibrated import CALIBRATED
from carafe.models.lowering.estimators.histogram import HISTOGRAM
from carafe.models.lowering.estimators.lightgbm import lightgbm_table
from carafe.models.lowering.estimators.linear import LINEAR
from carafe.models.lowering.estimators.lowering import Lowering
from carafe.models.lowering.estimators.networks import NETWORKS
from carafe.models.lowering.estimators.trees import TREES
from carafe.models.lowering.estimators.vectors import VECTORS
from carafe.models.lowering.refusal import NotLowered

__all__ = ["Lowering", "lower_estimator"]


def lower_estimator(estimator: Any) -> Lowering:  # noqa: ANN401 - scikit-learn ships no types
    """Return a fitted estimator, which takes a float64 matrix, as data.

    Raises:
        NotLowered: when it is none that has an exact kernel; says why.
    """
    tables = (LINEAR, TREES, HISTOGRAM, NETWORKS, VECTORS, BAYES, CALIBRATED, lightgbm_table())
    for table in tables:
        if type(estimator) in table:
            return table[type(estimator)](estimator)
    raise NotLowered(f"{type(estimator).__name__} has no exact kernel")
