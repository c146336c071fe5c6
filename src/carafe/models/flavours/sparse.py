"""Look through a loaded model for sparse matrices whose indices point outside themselves."""

from __future__ import annotations

from typing import Any

from scipy import sparse

from carafe.errors import CorruptArtefact
from carafe.models.flavours.parts import parts_of


def check_sparse(estimator: object) -> None:
    """Check every compressed matrix inside the estimator.

    Raises:
        CorruptArtefact: when its indices are outside its shape, or its rows outside its indices.
    """
    part: Any
    for part in parts_of(estimator):
        if sparse.issparse(part) and part.format in {"csr", "csc", "bsr"}:
            try:
                part.check_format(full_check=True)
            except ValueError as error:
                raise CorruptArtefact(f"model.skops: holds a sparse matrix that is not sound ({error})") from error
