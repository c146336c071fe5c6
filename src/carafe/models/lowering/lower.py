"""Lower a fitted estimator or pipeline: its column steps to a plan, its last step to a kernel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from sklearn.compose import TransformedTargetRegressor
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection._search import BaseSearchCV
from sklearn.pipeline import Pipeline

from carafe.models.container import Container
from carafe.models.lowering.columns import lower_columns
from carafe.models.lowering.columns.inputs import input_of
from carafe.models.lowering.estimators import Lowering, lower_estimator
from carafe.models.lowering.estimators.histogram import own_encoder
from carafe.models.lowering.estimators.lightgbm import check_categories
from carafe.models.lowering.estimators.target import inverse_steps
from carafe.models.lowering.heads import Apply, Numbers, Scale
from carafe.models.lowering.kernel import Constant
from carafe.models.lowering.lowered import Lowered
from carafe.models.lowering.plan import Plan
from carafe.models.lowering.refusal import NotLowered
from carafe.schema import Signature


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """What an estimator comes down to: transformers, the one that answers, and the way back to the target's unit.

    ``first`` tells how many of the transformers stand before the last step of the estimator itself.
    """

    transformers: tuple[Any, ...]
    last: Any
    back: tuple[Apply | Scale, ...]
    first: int


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
    parts = _parts(estimator)
    if not parts.transformers and type(parts.last).__module__.startswith("lightgbm."):
        check_categories(parts.last, container)
    lowering = _back(lower_estimator(parts.last), parts.back)
    plan, names = _plan(parts, lowering, signature=signature, container=container)
    return Lowered(plan=plan, kernel=lowering.kernel, head=lowering.head, names=names), lowering.files


def _parts(estimator: Any) -> _Parts:  # noqa: ANN401
    """Take an estimator apart, through nested pipelines, searches and transformed targets, down to what answers."""
    transformers: list[Any] = []
    back: tuple[Apply | Scale, ...] = ()
    first: int | None = None
    while True:
        if isinstance(estimator, Pipeline):
            transformers += [step for _, step in estimator.steps[:-1] if step is not None and step != "passthrough"]
            estimator = estimator.steps[-1][1]
            first = len(transformers) if first is None else first
        elif type(estimator) is TransformedTargetRegressor:
            back = (*inverse_steps(estimator), *back)
            estimator = estimator.regressor_
        elif isinstance(estimator, BaseSearchCV):
            estimator = estimator.best_estimator_
        elif type(estimator) is FrozenEstimator:
            estimator = estimator.estimator
        else:
            break
        first = 0 if first is None else first
    own = own_encoder(estimator)
    transformers += [] if own is None else [own]
    return _Parts(transformers=tuple(transformers), last=estimator, back=back, first=first or 0)


def _plan(
    parts: _Parts, lowering: Lowering, *, signature: Signature, container: Container
) -> tuple[Plan, tuple[str, ...] | None]:
    """Return the plan, and the names of its outputs where they are what stands before the estimator's last step."""
    if isinstance(lowering.kernel, Constant) and not parts.transformers:  # it looks at no column, whatever it holds
        return Plan(inputs=tuple(map(input_of, signature.columns)), ops=(), outputs=()), None
    plan, names = lower_columns(_piped(parts.transformers), signature=signature, container=container)
    return plan, names if parts.first == len(parts.transformers) else None


def _piped(transformers: tuple[Any, ...]) -> Any:  # noqa: ANN401
    if len(transformers) < 2:
        return transformers[0] if transformers else None
    return Pipeline([(str(index), step) for index, step in enumerate(transformers)])


def _back(lowering: Lowering, back: tuple[Apply | Scale, ...]) -> Lowering:
    """Return the lowering whose answers go the way back to the target's unit."""
    if not back:
        return lowering
    if not isinstance(lowering.head, Numbers):
        raise NotLowered("a transformed target of a classifier")
    head = msgspec.structs.replace(lowering.head, steps=(*lowering.head.steps, *back))
    return Lowering(kernel=lowering.kernel, head=head, files=lowering.files)
