"""What meets each column first inside a pipeline: the categories it knows, and whether it was made for missing values.

A sample may be a handful of rows; the fitted encoders know every category of the training table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, TargetEncoder

from carafe.models.containers.observed import is_missing

_ENCODERS = (OneHotEncoder, OrdinalEncoder, TargetEncoder)
_IMPUTERS = (SimpleImputer, KNNImputer)


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """One step that meets a column: the categories it knows (None: any value), and whether it learnt missing ones."""

    column: str
    categories: tuple[Any, ...] | None
    missing: bool


def first_meetings(estimator: Any, names: Sequence[str]) -> Iterator[Meeting]:  # noqa: ANN401 - scikit-learn has no types
    """Yield every step that meets one of the columns first; a column may be met by several."""
    if isinstance(estimator, Pipeline):
        yield from _through(estimator, names)
    elif isinstance(estimator, FeatureUnion):
        for _, part in estimator.transformer_list:
            yield from first_meetings(part, names)
    elif isinstance(estimator, ColumnTransformer):
        for _, part, columns in estimator.transformers_:
            if part != "drop" and (kept := _named(columns, names)):  # a part of no columns was never fitted
                yield from first_meetings(part, kept)
    elif isinstance(estimator, _ENCODERS) and len(estimator.categories_) == len(names):
        for name, categories in zip(names, estimator.categories_, strict=True):
            known = tuple(value for value in categories.tolist() if not is_missing(value))
            yield Meeting(column=name, categories=known, missing=len(known) < len(categories))
    else:
        for name in names:
            yield Meeting(column=name, categories=None, missing=isinstance(estimator, _IMPUTERS))


def _through(pipeline: Pipeline, names: Sequence[str]) -> Iterator[Meeting]:
    """Look past an imputer that keeps its columns, to the encoder behind it."""
    steps = [step for _, step in pipeline.steps if step is not None and not isinstance(step, str)]
    if len(steps) < 2 or not isinstance(steps[0], SimpleImputer) or steps[0].add_indicator:
        yield from first_meetings(steps[0] if steps else None, names)
        return
    for meeting in first_meetings(steps[1], names):
        yield Meeting(column=meeting.column, categories=meeting.categories, missing=True)


def _named(columns: Any, names: Sequence[str]) -> list[str]:  # noqa: ANN401 - names, numbers, booleans or a slice
    """Return the columns that a ColumnTransformer kept, by name."""
    if isinstance(columns, slice):
        start, stop = (names.index(edge) if isinstance(edge, str) else edge for edge in (columns.start, columns.stop))
        return list(names[slice(start, stop if not isinstance(columns.stop, str) else stop + 1, columns.step)])
    listed = [columns] if isinstance(columns, (str, int)) else np.asarray(columns).tolist()
    if listed and isinstance(listed[0], bool):
        return [name for name, kept in zip(names, listed, strict=True) if kept]
    return [each if isinstance(each, str) else names[each] for each in listed]
