"""From fitted column steps to a plan."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sklearn.compose import ColumnTransformer
from sklearn.feature_selection import SelectorMixin
from sklearn.pipeline import FeatureUnion, Pipeline

from carafe.models.container import Container
from carafe.models.flavours.native import feature_names
from carafe.models.lowering.columns import encoders, imputers, numbers, own, texts
from carafe.models.lowering.columns.finish import finished
from carafe.models.lowering.columns.inputs import followed, input_of
from carafe.models.lowering.columns.numeric import calculated, checked, together
from carafe.models.lowering.columns.values import Draft, Value
from carafe.models.lowering.plan import Operator, Plan
from carafe.models.lowering.refusal import NotLowered
from carafe.schema import Signature


def lower_columns(
    transformer: Any,  # noqa: ANN401 - scikit-learn ships no types
    *,
    signature: Signature,
    container: Container,
) -> tuple[Plan, tuple[str, ...]]:
    """Return the plan that computes what ``transformer`` gives for rows of the signature, and its features' names.

    Args:
        transformer: a fitted transformer or pipeline of transformers; None where the columns go to the estimator as
            they are. Columns of a pandas category type that nothing encodes become their codes, NaN where missing.
        signature: the columns that come in.
        container: the kind of table that the transformer was fitted on.

    Raises:
        NotLowered: when a step is not known, or some column can't be followed through it exactly; says which and why.
    """
    draft = Draft(inputs=tuple(map(input_of, signature.columns)))
    values = followed(signature, container, draft)
    through = values if transformer is None else _lowered(transformer, values, draft)
    names = feature_names(transformer, signature.names)
    if len(names) != len(through):
        names = tuple(f"feature_{index}" for index in range(len(through)))
    return finished(through, draft), names


def lowers(step: Any) -> bool:  # noqa: ANN401 - scikit-learn ships no types
    """Tell whether a step is of a kind that ``lower_columns`` knows; what it was fitted to may be refused still."""
    return _is_nothing(step) or isinstance(step, SelectorMixin) or type(step) in {*_COMPOSITE, *encoders.STEPS, *_STEPS}


def _lowered(step: Any, values: Sequence[Value], draft: Draft) -> list[Value]:  # noqa: ANN401
    if _is_nothing(step):
        return list(values)
    if isinstance(step, SelectorMixin):
        return _selected(step, together(values), draft)
    known = _COMPOSITE.get(type(step)) or encoders.STEPS.get(type(step))
    if known is not None:
        return known(step, values, draft)
    known = _STEPS.get(type(step))
    if known is None:
        raise NotLowered(f"{type(step).__name__} is no step that Carafe lowers")
    return known(step, together(values), draft)


def _is_nothing(step: object) -> bool:
    return step is None or (isinstance(step, str) and step == "passthrough")


def _selected(step: Any, values: Sequence[Value], draft: Draft) -> list[Value]:  # noqa: ANN401
    missing = bool(step.__sklearn_tags__().input_tags.allow_nan)
    name = type(step).__name__
    looked_at = [checked(value, draft, name, missing=missing) for value in values]
    return [value for value, kept in zip(looked_at, step.get_support(), strict=True) if kept]


def _pipeline(step: Pipeline, values: Sequence[Value], draft: Draft) -> list[Value]:
    for _, part in step.steps:
        values = _lowered(part, values, draft)
    return list(values)


def _columns(step: ColumnTransformer, values: Sequence[Value], draft: Draft) -> list[Value]:
    positions = step._transformer_to_input_indices  # noqa: SLF001 - no public name
    weights = step.transformer_weights or {}
    made: list[Value] = []
    for name, part, _ in step.transformers_:
        chosen = [values[index] for index in positions[name]]
        if chosen and not (isinstance(part, str) and part == "drop"):
            made += _weighed(_lowered(part, chosen, draft), weights.get(name), draft)
    return together(made)


def _union(step: FeatureUnion, values: Sequence[Value], draft: Draft) -> list[Value]:
    weights = step.transformer_weights or {}
    made: list[Value] = []
    for name, part in step.transformer_list:
        if not (isinstance(part, str) and part == "drop"):
            made += _weighed(_lowered(part, values, draft), weights.get(name), draft)
    return together(made)


def _weighed(values: Iterable[Value], weight: float | None, draft: Draft) -> list[Value]:
    if weight is None:
        return list(values)
    return [
        calculated(checked(value, draft, "a weight", missing=True), Operator.MULTIPLY, float(weight), draft)
        for value in values
    ]


Lower = Callable[[Any, Sequence[Value], Draft], list[Value]]

_COMPOSITE: Mapping[type, Lower] = {Pipeline: _pipeline, ColumnTransformer: _columns, FeatureUnion: _union}
"""What hands its columns on, each as it is."""

_STEPS: Mapping[type, Lower] = {**imputers.STEPS, **numbers.STEPS, **own.STEPS, **texts.STEPS}
"""What makes one array of its columns first; the encoders do not."""
