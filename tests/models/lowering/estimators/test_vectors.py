"""Support vector machines that were fitted on a sparse matrix, as those of words and one-hot columns are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.calibration import CalibratedClassifierCV
from sklearn.svm import SVC, SVR

from carafe.models.lowering.estimators import vectors
from carafe.models.lowering.refusal import NotLowered
from carafe.schema import Rows
from lowered_models import assert_same, lowered_and_native

DRAW = np.random.default_rng(0)
MATRIX = np.where(DRAW.random((120, 6)) < 0.6, 0.0, DRAW.normal(size=(120, 6)))
SCORE = MATRIX @ DRAW.normal(size=6)

MACHINES: dict[str, tuple[Callable[[], Any], Any]] = {
    "a number": (SVR, SCORE),
    "two classes": (lambda: SVC(kernel="poly"), SCORE > 0),
    "three classes": (lambda: SVC(gamma=0.3), np.digitize(SCORE, [-0.5, 0.5])),
    "three classes with probabilities": (
        lambda: CalibratedClassifierCV(SVC(), ensemble=False),
        np.digitize(SCORE, [-0.5, 0.5]),
    ),
}


@pytest.mark.parametrize(("make", "target"), MACHINES.values(), ids=MACHINES.keys())
def test_a_machine_of_sparse_support_vectors_answers_as_it_did(make: Callable[[], Any], target: Any) -> None:
    lowered, native = lowered_and_native(make().fit(csr_matrix(MATRIX), target), MATRIX)
    assert_same(lowered, native, Rows(tuple(MATRIX.T)))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_row_at_the_end_of_double_precision_is_as_far_away_as_natively() -> None:
    lowered, native = lowered_and_native(SVR().fit(MATRIX, SCORE), MATRIX)
    far = np.vstack([np.diag([size] * 6) for size in (1.7e308, -1.7e308, 1e200, -1e80)])
    assert_same(lowered, native, Rows(tuple(far.T)))


def test_support_vectors_that_would_fill_the_memory_are_not_lowered() -> None:
    machine = SVR().fit(csr_matrix(MATRIX), SCORE)
    with patch.object(vectors, "MAX_NUMBERS", 100), pytest.raises(NotLowered, match="support vectors of 6 numbers"):
        vectors.VECTORS[SVR](machine)
