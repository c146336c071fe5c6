"""Lower a fitted estimator or pipeline: its column steps to a plan, its last step to a kernel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from sklearn.compose import TransformedTargetRegressor
from sklearn.dummy import DummyClassifier, DummyRegressor
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
from carafe.models.lowering.kernel import TAIL, Linear
from carafe.models.lowering.lowered import Lowered
from carafe.models.lowering.plan import MAX_DENSE, Plan
from carafe.models.lowering.refusal import NotLowered
from carafe.models.lowering.tail import tail_estimator, tail_transformers
from carafe.models.lowering.words import Words
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
    single: bool = False,
) -> tuple[Lowered, Mapping[str, bytes]]:
    """Return what plan.json holds of a fitted estimator, and the files of its kernel by name.

    Args:
        estimator: a fitted estimator or pipeline that can be published.
        signature: the columns that come in, and the target.
        container: the kind of table that it was fitted on.
        single: whether parts of it may compute in single precision, where no kernel in double is known.

    Raises:
        NotLowered: when something in it can't be turned into data that gives exactly its answers; says what and why.
    """
    parts = _parts(estimator)
    if not parts.transformers and type(parts.last).__module__.startswith("lightgbm."):
        check_categories(parts.last, container)
    plan, names, behind = _planned(parts, signature=signature, container=container)
    width = len(plan.outputs)
    if width > MAX_DENSE and (behind or not _adds_words(plan, parts.last)):
        raise NotLowered(f"{width} features are more than the {MAX_DENSE} of a matrix")
    through = tail_transformers(behind, width=width) if behind else None
    lowering = _back(_lowering(parts.last, width if through is None else through.tail.outputs), parts.back)
    if not single and not (lowering.exact and (through is None or through.exact)):
        raise NotLowered(f"the graph of {type(parts.last).__name__} partly computes in single precision")
    tail = None if through is None else through.tail
    lowered = Lowered(plan=plan, tail=tail, kernel=lowering.kernel, head=lowering.head, names=names, exact=not single)
    return lowered, {**lowering.files, **({} if through is None else {TAIL: through.content})}


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


def _is_constant(parts: _Parts) -> bool:
    """Tell whether the estimator looks at no column, so that these may hold whatever they like."""
    return not parts.transformers and isinstance(parts.last, (DummyClassifier, DummyRegressor))


def _planned(
    parts: _Parts, *, signature: Signature, container: Container
) -> tuple[Plan, tuple[str, ...] | None, tuple[Any, ...]]:
    """Return the plan of as many transformers as have one, the names before the last step, and what is left over.

    The names are None where these are not the plan's outputs.
    """
    if _is_constant(parts):
        return Plan(inputs=tuple(map(input_of, signature.columns)), ops=(), outputs=()), None, ()
    first_refusal: NotLowered | None = None
    for count in range(len(parts.transformers), -1, -1):
        try:
            plan, names = lower_columns(_piped(parts.transformers[:count]), signature=signature, container=container)
        except NotLowered as refusal:
            first_refusal = first_refusal or refusal
            continue
        return plan, names if count == parts.first else None, parts.transformers[count:]
    raise first_refusal or NotLowered("there is nothing to lower")


def _adds_words(plan: Plan, estimator: Any) -> bool:  # noqa: ANN401
    """Tell whether an estimator only adds up what words weigh, so that no matrix is made."""
    words = any(isinstance(op, Words) for op in plan.ops)
    return words and isinstance(lower_estimator(estimator).kernel, Linear)


def _lowering(estimator: Any, width: int) -> Lowering:  # noqa: ANN401
    """Return an estimator's own kernel, or else its graph by converter; the first refusal is what is told."""
    try:
        return lower_estimator(estimator)
    except NotLowered as refusal:
        try:
            return tail_estimator(estimator, width=width)
        except NotLowered as second:
            raise NotLowered(f"{refusal}, and {second}") from second


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
    return replace(lowering, head=msgspec.structs.replace(lowering.head, steps=(*lowering.head.steps, *back)))
