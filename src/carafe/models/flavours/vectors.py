"""Look through a loaded model for support vectors of other numbers than their coefficients.

libsvm is handed bare arrays and believes what they say of each other.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.svm._base import BaseLibSVM

from carafe.errors import CorruptArtefact
from carafe.models.flavours.parts import parts_of


def check_vectors(estimator: object) -> None:
    """Check every support vector machine inside the estimator.

    Raises:
        CorruptArtefact: when its vectors, coefficients and intercepts are not as many as each other.
    """
    for part in parts_of(estimator):
        if isinstance(part, BaseLibSVM) and hasattr(part, "support_") and not _is_sound(part):
            raise CorruptArtefact("model.skops: holds support vectors of other numbers than their coefficients")


def _is_sound(machine: Any) -> bool:  # noqa: ANN401 - scikit-learn ships no types
    support, total = np.asarray(machine._n_support), len(machine.support_)  # noqa: SLF001 - no public name
    classes = len(support)
    pairs = classes * (classes - 1) // 2
    classifies = hasattr(machine, "classes_")
    rows, decisions = (classes - 1, pairs) if classifies else (1, 1)
    # A regression machine has two counts, of which the second repeats the first or, for sparse rows, is left at zero.
    counted = support.sum() == total if classifies else (support[0] == total and set(support[1:]) <= {0, total})
    chances = len(machine._probA)  # noqa: SLF001
    return bool(
        (support >= 0).all()
        and counted
        and _has_vectors(machine, total)
        and machine._dual_coef_.shape == machine.dual_coef_.shape == (rows, total)
        and len(machine._intercept_) == len(machine.intercept_) == decisions
        and chances in {0, decisions}
        and len(machine._probB) in {0, chances}  # noqa: SLF001
    )


def _has_vectors(machine: Any, total: int) -> bool:  # noqa: ANN401 - scikit-learn ships no types
    """Tell whether there is a vector for each support; a precomputed kernel has their positions only."""
    if machine.kernel == "precomputed":
        return not machine.support_vectors_.size and bool((machine.support_ < machine.n_features_in_).all())
    return bool(machine.support_vectors_.shape == (total, machine.n_features_in_))
