"""Lower a fitted estimator or pipeline: its column steps to a plan, its last step to a kernel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sklearn.pipeline import Pipeline

from carafe.models.container import Container
from carafe.models.lowering.columns import lower_columns
from carafe.models.lowering.estimators import lower_estimator
from carafe.models.lowering.lowered import Lowered
from carafe.schema import Signature


def lower(
    estimator: Any,  # noqa: ANN401 - scikit-learn ships no types
    *,
    signature: Signature,
    container: Container,
) -> tuple[Lowered, Mapping[str, bytes]]:
    """Return what plan.json holds of a fitted estimator, and the files of its kernel by name.

    Args:
        estimator: a fitted estimator or pipeline that can be published.
        signature: the columns that come in, and the target.
        container: the kind of table that it was fitted on.

    Raises:
        NotLowered: when something in it can't be turned into data that gives exactly its answers; says what and why.
    """
    steps, last = _steps(estimator)
    before = Pipeline(steps) if steps else None
    plan, names = lower_columns(before, signature=signature, container=container)
    lowering = lower_estimator(last)
    return Lowered(plan=plan, kernel=lowering.kernel, head=lowering.head, names=names), lowering.files


def _steps(estimator: Any) -> tuple[list[tuple[str, Any]], Any]:  # noqa: ANN401
    """Return the steps before the last, and the last."""
    if not isinstance(estimator, Pipeline):
        return [], estimator
    return list(estimator.steps[:-1]), estimator.steps[-1][1]
