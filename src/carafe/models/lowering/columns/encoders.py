"""Fitted encoders of categories: asked about every value that may come, and their answers written down."""

from __future__ import annotations

import copy
import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, TargetEncoder

from carafe.models.lowering.columns.numeric import checked, number_of
from carafe.models.lowering.columns.values import Coded, Domain, Draft, Factor, Value
from carafe.models.lowering.plan import MAX_DENSE
from carafe.models.lowering.refusal import NotLowered


def encoded(step: Any, values: Sequence[Value], draft: Draft) -> list[Value]:  # noqa: ANN401 - scikit-learn ships no types
    """Return the numbers that an encoder turns categories into; it is asked for them itself."""
    categories = [each.tolist() for each in step.categories_]
    factors = [_met(value, known, draft) for value, known in zip(values, categories, strict=True)]
    if getattr(step, "handle_unknown", "") == "error":
        factors = [_strict(factor, known, draft) for factor, known in zip(factors, categories, strict=True)]
    matrix = _answers(step, factors, categories)
    widths = _widths(step, len(factors), matrix.shape[1])
    single = matrix.dtype == np.float32
    made: list[Value] = []
    for factor, end, width in zip(factors, np.cumsum(widths).tolist(), widths, strict=True):
        columns = matrix[: factor.domain.entries, end - width : end]
        made.extend(_coded(factor.domain, columns[:, [index]], single=single) for index in range(width))
    return made


def _met(value: Value, categories: Sequence[Any], draft: Draft) -> Factor:
    """Return the value as a factor whose domain has every category that the encoder knows."""
    present = [category for category in categories if not _is_missing(category)]
    if isinstance(value, Factor):
        return value.extended([_spelled(category) for category in present])
    number = number_of(checked(value, draft, "an encoder", missing=True), draft, "an encoder")
    if number.single or not all(isinstance(category, (int, float)) for category in present):
        raise NotLowered("an encoder knows categories that are no numbers of double precision")
    keys = tuple(float(category) for category in present)
    strange = max((abs(key) for key in keys), default=0.0) + 1.5
    domain = Domain(slot=number.slot, name="", keys=keys)
    return Factor(domain=domain, values=(*present, math.nan, strange))


def _strict(factor: Factor, categories: Sequence[Any], draft: Draft) -> Factor:
    """Return the factor with the values refused that the encoder does not know."""
    refused = {entry for entry, value in enumerate(factor.values) if not _knows(categories, value)}
    domain = replace(factor.domain, refused=factor.domain.refused | refused)
    if refused:
        draft.strict.append(domain)
    return replace(factor, domain=domain)


def _answers(step: Any, factors: Sequence[Factor], categories: Sequence[Sequence[Any]]) -> Any:  # noqa: ANN401
    """Return what the encoder makes of every value of every factor: a matrix, sparse where it may be wide."""
    probe = np.empty((max(factor.domain.entries for factor in factors), len(factors)), dtype=object)
    for index, (factor, known) in enumerate(zip(factors, categories, strict=True)):
        probe[:, index] = [known[0]] * len(probe)
        for entry, value in enumerate(factor.values):
            if entry not in factor.domain.refused:
                probe[entry, index] = value
    asked = copy.copy(step)
    if isinstance(step, OneHotEncoder):
        asked.sparse_output = True
        asked.set_output(transform="default")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that names are missing, or that a value is unknown: it is meant to be
        matrix = asked.transform(probe)
    if matrix.shape[1] > MAX_DENSE:
        raise NotLowered(f"{type(step).__name__} gives {matrix.shape[1]} features, more than a plan's {MAX_DENSE}")
    return matrix.tocsc() if sparse.issparse(matrix) else np.asarray(matrix)


def _widths(step: Any, columns: int, total: int) -> list[int]:  # noqa: ANN401 - scikit-learn ships no types
    """Return how many numbers each column becomes."""
    if isinstance(step, OneHotEncoder):
        return [int(width) for width in step._n_features_outs]  # noqa: SLF001 - no public name
    return [total // columns] * columns


def _coded(domain: Domain, column: Any, *, single: bool) -> Coded:  # noqa: ANN401 - an array or a sparse matrix
    if sparse.issparse(column):
        found = column.tocoo()
        others = dict(zip(found.row.tolist(), found.data.astype(np.float64).tolist(), strict=True))
        return Coded(domain=domain, base=0.0, others=others, single=single)
    numbers: NDArray[np.float64] = column.astype(np.float64).ravel()
    return Coded(domain=domain, base=0.0, others=dict(enumerate(numbers.tolist())), single=single)


def _spelled(category: Any) -> str:  # noqa: ANN401 - any category
    """Return a category as rows hold it."""
    if isinstance(category, float) and category.is_integer():
        return str(int(category))
    return str(category)


def _knows(categories: Sequence[Any], value: Any) -> bool:  # noqa: ANN401 - any category
    if _is_nan(value):
        return any(_is_nan(category) for category in categories)
    return any(category == value for category in categories if not _is_nan(category))


def _is_nan(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _is_missing(category: object) -> bool:
    return category is None or _is_nan(category)


STEPS: Mapping[type, Callable[[Any, Sequence[Value], Draft], list[Value]]] = {
    OneHotEncoder: encoded,
    OrdinalEncoder: encoded,
    TargetEncoder: encoded,
}
"""Each step and what it does."""
