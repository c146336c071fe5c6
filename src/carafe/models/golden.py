"""Golden predictions: a few rows and their answers, kept in the artefact and repeated whenever it is loaded.

They catch what digests can't: a library, a processor or a bug that makes the same bytes answer differently.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from carafe.errors import CarafeError, CorruptArtefact, MissingExtra, StorageUnavailable
from carafe.models.failure import failed_load
from carafe.models.model import Model
from carafe.schema import Column, Kind, Rows, Signature, Task
from carafe.schema.prediction import Prediction
from carafe.schema.rows import encode_records, records_of

ROWS = 8
"""How many ordinary rows are kept, beside the edge rows."""

TOLERANCE = 1e-9
"""How far a number may be off that is computed in double precision."""

UNSEEN = "carafe: a category never seen"
"""What stands for an unseen category in an edge row."""

Cell = str | float | bool | None


class Golden(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rows in signature order as a client would send them, and what the model answers to them.

    Raises:
        ValueError: when there is not one answer a row (a ``msgspec.ValidationError`` where it is decoded).
    """

    rows: tuple[tuple[Cell, ...], ...]
    values: tuple[float, ...]
    probabilities: tuple[tuple[float, ...], ...] | None = None

    def __post_init__(self) -> None:
        widths = {len(chances) for chances in self.probabilities or ()}
        if len(self.values) != len(self.rows) or len(self.probabilities or self.rows) != len(self.rows):
            raise ValueError(f"golden predictions: {len(self.rows)} rows, but another number of answers")
        if len(widths) > 1:
            raise ValueError("golden predictions: rows of different numbers of probabilities")


def record_golden(model: Model, sample: Rows, *, probabilities: bool) -> Golden:
    """Ask the model about a few rows of the sample and about edge rows, and keep what it can answer with numbers.

    Args:
        model: the model, as it will be served.
        sample: at least one row that the model was fitted on, or could have been.
        probabilities: whether the model gives them.

    Raises:
        PredictionFailed: when it can't answer the sample's own rows.
    """
    signature = model.signature
    rows = [list(row) for row in plain_rows(signature, sample.take(_spread(sample.count)))]
    sent = [row for row in rows if all(sendable(c, v) for c, v in zip(signature.columns, row, strict=True))]
    model.predict(sample.take(_spread(sample.count)))
    kept = [row for row in (*sent, *_edges(signature, sent)) if _answers(model, row)]
    if not kept:
        return Golden(rows=(), values=())
    answer = model.predict(encode_records(signature, kept), probabilities=probabilities)
    chances = None if answer.probabilities is None else tuple(map(tuple, answer.probabilities.tolist()))
    return Golden(rows=tuple(map(tuple, kept)), values=tuple(map(float, answer.values)), probabilities=chances)


def replay_golden(model: Model, golden: Golden, *, tolerance: float = TOLERANCE) -> None:
    """Ask the model again: about the rows column by column, and about them as records.

    Args:
        model: the model as it was loaded.
        golden: what it answered when it was sealed.
        tolerance: how far a number may be off, as a share of itself, or of the golden numbers' typical size where that
            is larger; a probability as a share of itself or of one over the number of classes.

    Raises:
        CorruptArtefact: when it answers differently, or fails; names the first row.
        MissingExtra: when it needs a library that is not installed.
        LoadFailed: when this machine has not what it takes, such as memory.
    """
    if not golden.rows:
        return
    try:
        rows = encode_records(model.signature, golden.rows)
        one_by_one = Rows.of_records(model.signature, records_of(model.signature, rows))
        answers = [model.predict(each, probabilities=golden.probabilities is not None) for each in (rows, one_by_one)]
    except (MissingExtra, StorageUnavailable):  # nothing is known about the files then
        raise
    except Exception as error:  # of whatever kind: what the files say is behind it, or the machine
        raise failed_load("golden predictions: the model fails on rows that it answered when sealed", error) from error
    for answer in answers:
        _compare(model.signature, answer, golden, tolerance)


def plain_rows(signature: Signature, rows: Rows) -> Iterable[tuple[Cell, ...]]:
    """Return rows as a client would write them in JSON: true, 3, 3.5, "text", an ISO date-time, or null."""
    columns = [_plain(column, values) for column, values in zip(signature.columns, rows.columns, strict=True)]
    return zip(*columns, strict=True)


def _plain(column: Column, values: NDArray[Any]) -> list[Cell]:
    if column.kind is Kind.DATETIME:
        return [None if np.isnat(value) else f"{value}" for value in values]
    if column.kind in {Kind.CATEGORY, Kind.TEXT}:
        return list(values)
    cast = {Kind.BOOLEAN: bool, Kind.INTEGER: int}.get(column.kind, float)
    return [
        None if math.isnan(value) else (cast(value) if math.isfinite(value) else value) for value in values.tolist()
    ]


def sendable(column: Column, value: Cell) -> bool:
    """Tell whether strict validation lets the value through: infinity and undeclared nulls it does not."""
    return column.nullable if value is None else not isinstance(value, float) or math.isfinite(value)


def _spread(count: int) -> NDArray[np.intp]:
    """Return the positions of at most ROWS rows, spread evenly from the first to the last."""
    return np.unique(np.linspace(0, count - 1, min(ROWS, count)).round().astype(np.intp))


def _edges(signature: Signature, rows: list[list[Cell]]) -> Iterable[list[Cell]]:
    """Yield a row with every null that is allowed, and one where every category is unseen."""
    if not rows:
        return
    columns = list(zip(signature.columns, rows[0], strict=True))
    if any(column.nullable for column in signature.columns):
        yield [None if column.nullable else value for column, value in columns]
    if any(column.kind is Kind.CATEGORY for column in signature.columns):
        yield [UNSEEN if column.kind is Kind.CATEGORY else value for column, value in columns]


def _answers(model: Model, row: list[Cell]) -> bool:
    """Tell whether the model answers the row alone with a finite number; edge rows it may refuse."""
    try:
        answer = model.predict(encode_records(model.signature, [row]))
    except CarafeError:
        return False
    return bool(np.isfinite(answer.values).all())


def _compare(signature: Signature, answer: Prediction, golden: Golden, tolerance: float) -> None:
    expected = np.array(golden.values, dtype=np.float64)
    exact = signature.target.task is Task.CLASSIFICATION
    leeway = (0.0 if exact else tolerance) * np.maximum(np.abs(expected), typical_size(expected))
    _check(np.asarray(answer.values, dtype=np.float64), expected, leeway, "answer")
    if golden.probabilities is not None and answer.probabilities is not None:
        chances = np.array(golden.probabilities, dtype=np.float64)
        leeway = tolerance * np.maximum(chances, 1 / max(1, chances.shape[1]))
        _check(answer.probabilities, chances, leeway, "probabilities")


def typical_size(numbers: NDArray[np.float64]) -> float:
    """Return the median size of numbers that are finite and not zero, 1 where there are none.

    No single number, however large, makes it larger than most of them are.
    """
    sizes = np.abs(numbers[np.isfinite(numbers) & (numbers != 0)])
    return float(np.median(sizes)) if len(sizes) else 1.0


def _check(got: NDArray[np.float64], expected: NDArray[np.float64], leeway: NDArray[np.float64], what: str) -> None:
    if got.shape != expected.shape:
        raise CorruptArtefact(f"golden predictions: {what} of shape {got.shape}, expected {expected.shape}")
    wrong = ~(np.abs(got - expected) <= leeway)  # "not within", so that NaN is wrong
    if wrong.any():
        row = int(np.argwhere(wrong)[0][0])
        raise CorruptArtefact(
            f"golden predictions: row {row} has {what} {got[row].tolist()}, expected {expected[row].tolist()}; "
            "this machine's libraries answer differently from those that sealed the model: publish it again here"
        )
