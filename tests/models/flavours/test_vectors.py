from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.multioutput import ClassifierChain
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR, NuSVC, OneClassSVM

from carafe.errors import CorruptArtefact
from carafe.models.flavours.vectors import check_vectors

TABLE = np.random.default_rng(0).normal(size=(90, 3))
LABELS = np.repeat([0, 1, 2], 30)


@pytest.mark.parametrize(
    "estimator",
    [SVC(), SVC(kernel="linear"), NuSVC(), SVR(), OneClassSVM(), make_pipeline(StandardScaler(with_mean=False), SVC())],
    ids=str,
)
def test_machines_as_they_were_fitted_are_sound(estimator: Any) -> None:
    check_vectors(estimator.fit(TABLE, LABELS))
    check_vectors(estimator.fit(TABLE[:60], LABELS[:60]))
    check_vectors(estimator.fit(csr_matrix(TABLE), LABELS))


def test_a_precomputed_kernel_is_sound_without_vectors() -> None:
    check_vectors(SVC(kernel="precomputed").fit(TABLE @ TABLE.T, LABELS))


def test_what_is_not_fitted_is_not_looked_at() -> None:
    check_vectors(ClassifierChain(SVC()))


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("_n_support", np.array([500, 500, 500], dtype=np.int32)),
        ("_n_support", np.array([-1, 40, 50], dtype=np.int32)),
        ("support_vectors_", np.zeros((5, 3))),
        ("support_vectors_", np.zeros((86, 30))),
        ("_dual_coef_", np.zeros((2, 5))),
        ("_intercept_", np.zeros(1)),
        ("_probA", np.zeros(1)),
    ],
)
def test_arrays_that_do_not_fit_each_other_are_refused(attribute: str, value: Any) -> None:
    machine = SVC().fit(TABLE, LABELS)
    setattr(machine, attribute, value)
    with pytest.raises(CorruptArtefact, match="support vectors of other numbers than their coefficients"):
        check_vectors(machine)
