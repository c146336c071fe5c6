"""Rows as a numpy array, a list of strings, or a list of dictionaries."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from carafe.models.container import Container, Shape
from carafe.models.golden import plain_rows
from carafe.schema import Rows, Signature


def build(container: Container, signature: Signature, rows: Rows) -> NDArray[Any] | list[dict[str, object]]:
    """Return float64 or object of shape (n, k); texts of shape (n,); or one dictionary a row, its nulls left out."""
    if container.shape is Shape.TEXTS:
        return rows.columns[0]
    if container.shape is Shape.RECORDS:
        records = (dict(zip(signature.names, row, strict=True)) for row in plain_rows(signature, rows))
        return [{name: value for name, value in record.items() if value is not None} for record in records]
    return np.column_stack(rows.columns).astype(container.columns[0].dtype)
