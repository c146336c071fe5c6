from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import sparse
from sklearn.neighbors import KNeighborsRegressor

from carafe.errors import CorruptArtefact
from carafe.models.flavours.sparse import check_sparse

TABLE = sparse.random(30, 5, density=0.5, format="csr", random_state=0)


def fitted() -> Any:
    return KNeighborsRegressor().fit(TABLE, np.arange(30.0))


def test_sparse_rows_as_they_were_fitted_are_sound() -> None:
    check_sparse(fitted())


def test_an_index_outside_the_matrix_is_refused() -> None:
    estimator = fitted()
    estimator._fit_X.indices[0] = 10_000  # noqa: SLF001 - no public name
    with pytest.raises(CorruptArtefact, match="holds a sparse matrix that is not sound"):
        check_sparse(estimator)


def test_a_row_outside_the_indices_is_refused() -> None:
    estimator = fitted()
    estimator._fit_X.indptr[-1] = 10_000  # noqa: SLF001 - no public name
    with pytest.raises(CorruptArtefact, match="holds a sparse matrix that is not sound"):
        check_sparse(estimator)
