"""A prediction as columns of a table."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from carafe.errors import FieldProblem
from carafe.jobs.scoring.order import Order
from carafe.protocols.native import label_text
from carafe.protocols.native_csv import harmless
from carafe.schema import Label, Prediction, Signature

_DTYPES: dict[type, type[pl.DataType]] = {str: pl.String, bool: pl.Boolean, int: pl.Int64, float: pl.Float64}


def answers_of(prediction: Prediction, order: Order, signature: Signature, *, spreadsheet: bool) -> pl.DataFrame:
    """Return the columns that are added to the table: labels in their own type or numbers, and probabilities.

    Args:
        prediction: one finite answer a row.
        order: what the columns are called, and whether probabilities are among them.
        signature: that of the model.
        spreadsheet: whether the table may be opened in one, so that no label may look like a formula.
    """
    names = order.answer_names(signature)
    columns = [_values(names[0], prediction.values, signature.target.classes, spreadsheet=spreadsheet)]
    chances = prediction.probabilities
    if chances is not None:
        columns += [pl.Series(name, chances[:, index]) for index, name in enumerate(names[1:])]
    return pl.DataFrame(columns)


def not_finite(prediction: Prediction) -> list[FieldProblem]:
    """Return a problem for each row whose answer, or a probability of it, is no finite number."""
    finite = np.isfinite(prediction.values)
    if prediction.probabilities is not None:
        finite = finite & np.isfinite(prediction.probabilities).all(axis=1)
    return [
        FieldProblem(
            row=int(row), field="", got="an answer that is not finite", expected="a row that the model answers"
        )
        for row in np.flatnonzero(~finite)
    ]


def _values(name: str, values: NDArray[Any], classes: tuple[Label, ...], *, spreadsheet: bool) -> pl.Series:
    if not classes:
        return pl.Series(name, values, dtype=pl.Float64)
    types = set(map(type, classes))
    if len(types) > 1:
        labels = pl.Series([label_text(label) for label in classes], dtype=pl.String)
    elif spreadsheet and types == {str}:
        labels = pl.Series([harmless(label) for label in classes], dtype=pl.String)
    else:
        labels = pl.Series(list(classes), dtype=_DTYPES[types.pop()])
    return labels.gather(pl.Series(values, dtype=pl.UInt32)).alias(name)
