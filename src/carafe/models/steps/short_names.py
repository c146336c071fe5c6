"""Features, under names as short as they can be without falling together."""

from __future__ import annotations

from collections import Counter
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from carafe.models.steps.frames import names_of


class ShortNames(TransformerMixin, BaseEstimator):  # type: ignore[misc] # scikit-learn ships no types
    """The same matrix, dense or sparse, whose columns ``<group>__<name>`` are called ``<name>``.

    Only names change. scikit-learn's ``missingindicator_<column>`` is called ``<column>_missing``, its
    ``<column>_infrequent_sklearn`` is called ``<column>_rare``. A name that two groups share keeps its group, and what
    is still equal gets a number.
    """

    def fit(self, X: Any, y: object = None) -> Self:  # noqa: ANN401, N803, ARG002 - scikit-learn's names
        """Note how many columns there are."""
        validate_data(self, X, reset=True, skip_check_array=True)
        return self

    def transform(self, X: Any) -> Any:  # noqa: ANN401, N803 - scikit-learn's name
        """Return ``X`` itself."""
        check_is_fitted(self)
        validate_data(self, X, reset=False, skip_check_array=True)
        return X

    def get_feature_names_out(self, input_features: object = None) -> NDArray[np.object_]:
        """Return the short names, each different."""
        check_is_fitted(self)
        full = names_of(self, input_features)
        short = [_short(name) for name in full]
        seen = Counter(short)
        return np.array(_numbered([s if seen[s] == 1 else f for s, f in zip(short, full, strict=True)]), dtype=object)


def _short(name: str) -> str:
    short = name.partition("__")[2] or name
    if short.startswith("missingindicator_"):
        return short.removeprefix("missingindicator_") + "_missing"
    if short.endswith("_infrequent_sklearn"):
        return short.removesuffix("_infrequent_sklearn") + "_rare"
    return short


def _numbered(names: list[str]) -> list[str]:
    taken: dict[str, None] = {}
    for name in names:
        different, number = name, 1
        while different in taken:
            number += 1
            different = f"{name}#{number}"
        taken[different] = None
    return list(taken)
