"""Lowered models beside the native ones that they were made of, and the claim that they say the same."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from carafe.models.container import ColumnType, Container, Shape
from carafe.models.flavours.estimator import target_of
from carafe.models.flavours.native import NativeModel
from carafe.models.lowering.lower import lower
from carafe.models.lowering.lowered import LoweredModel, decode_lowered, encode_lowered
from carafe.models.model import Model
from carafe.schema import Column, Kind, Rows, Signature
from carafe.schema.rows import Record

ARRAY = Container(shape=Shape.ARRAY, columns=(ColumnType(dtype="float64"),))
"""What an estimator takes that was fitted on an array of numbers."""

TOLERANCE = 1e-9
"""How far, relatively, numbers and probabilities may be apart where every kernel is in double precision."""


def as_published(
    estimator: Any,  # noqa: ANN401 - scikit-learn ships no types
    signature: Signature,
    container: Container,
) -> tuple[LoweredModel, NativeModel]:
    """Lower an estimator, write it down, read it back, and return it beside the native model."""
    lowered, files = lower(estimator, signature=signature, container=container)
    native = NativeModel(estimator=estimator, signature=signature, container=container)
    stored = decode_lowered(encode_lowered(lowered))
    return LoweredModel(stored, files=files, signature=signature, native=lambda: native), native


def numbers_signature(estimator: Any, width: int, *, nullable: bool = False) -> Signature:  # noqa: ANN401
    """Return the signature of a fitted estimator that takes ``width`` numbers."""
    columns = tuple(Column(name=f"x{index}", kind=Kind.NUMBER, nullable=nullable) for index in range(width))
    return Signature(columns=columns, target=target_of(estimator, "y"))


def lowered_and_native(
    estimator: Any,  # noqa: ANN401 - scikit-learn ships no types
    matrix: NDArray[np.float64],
    *,
    nullable: bool = False,
) -> tuple[LoweredModel, NativeModel]:
    """Return both models of an estimator that was fitted on an array of numbers."""
    signature = numbers_signature(estimator, matrix.shape[1], nullable=nullable)
    return as_published(estimator, signature, ARRAY)


def assert_same(lowered: Model, native: Model, rows: Rows) -> None:
    """Claim that both say the same of every row: as columns, as records together, and one by one."""
    gives = hasattr(native, "estimator") and hasattr(native.estimator, "predict_proba")
    expected = native.predict(rows, probabilities=gives)
    records = records_of(rows)
    together = Rows.of_records(native.signature, records)
    alone = [Rows.of_records(native.signature, [record]) for record in records]
    for parts in ([rows], [together], alone):
        answers = [lowered.predict(part, probabilities=gives) for part in parts]
        values = np.concatenate([answer.values for answer in answers])
        if native.signature.target.classes:
            np.testing.assert_array_equal(values, expected.values)
            assert values.dtype == np.intp
        else:
            np.testing.assert_allclose(values, expected.values, rtol=TOLERANCE, atol=1e-12)
        if gives:
            chances = np.concatenate([np.asarray(answer.probabilities) for answer in answers])
            np.testing.assert_allclose(chances, np.asarray(expected.probabilities), rtol=TOLERANCE, atol=1e-12)


def records_of(rows: Rows) -> list[Record]:
    """Return the rows as records: None where a value is missing, microseconds for a moment."""
    return [tuple(map(_cell, record)) for record in zip(*rows.columns, strict=True)]


def _cell(value: Any) -> Any:  # noqa: ANN401 - a cell of any kind
    if isinstance(value, np.datetime64):
        return None if np.isnat(value) else int(value.astype("datetime64[us]").astype(np.int64))
    if isinstance(value, (float, np.floating)):
        return None if np.isnan(value) else float(value)
    return value
