"""Rows and their known answers, in the form that pipelines take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from carafe.models.frames import polars_frame
from carafe.schema import Rows, Signature
from carafe.tables import rows_from_frame
from carafe.training.study import labels_of


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Labelled:
    """Rows of a signature and their target: labels or numbers of shape (n,), in the target's own type."""

    signature: Signature
    rows: Rows
    target: NDArray[Any]

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(self.target)

    def frame(self) -> pl.DataFrame:
        """Return the rows as the frame that a pipeline takes."""
        return polars_frame(self.signature, self.rows)

    def take(self, index: NDArray[np.intp]) -> Labelled:
        """Return the rows at ``index``."""
        return Labelled(signature=self.signature, rows=self.rows.take(index), target=self.target[index])


def labelled(typed: pl.DataFrame, signature: Signature) -> Labelled:
    """Return the rows of a typed table that has the signature's columns and its target."""
    return Labelled(
        signature=signature,
        rows=rows_from_frame(signature, typed.select(signature.names)),
        target=labels_of(typed[signature.target.name], signature.target.task),
    )
