"""From fitted column steps to a plan."""

from __future__ import annotations

from typing import Any

from carafe.models.container import Container
from carafe.models.lowering.plan import Input, Plan
from carafe.models.lowering.refusal import NotLowered
from carafe.schema import Kind, Signature

NUMBERS = frozenset({Kind.NUMBER, Kind.INTEGER, Kind.BOOLEAN})
"""The kinds that a row holds as numbers."""


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
    if transformer is not None:
        raise NotLowered(f"{type(transformer).__name__} is no step that Carafe lowers")
    words = [column.name for column in signature.columns if column.kind not in NUMBERS]
    if words or container.columns:
        raise NotLowered("columns of users' tables reach the estimator as they are")
    inputs = tuple(Input(name=column.name, kind=column.kind, nullable=column.nullable) for column in signature.columns)
    return Plan(inputs=inputs, ops=(), outputs=tuple(range(len(inputs)))), signature.names
