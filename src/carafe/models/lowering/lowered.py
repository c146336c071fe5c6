"""A lowered model: plan.json as data, and the model that answers from it without scikit-learn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

import msgspec
import numpy as np
from numpy.typing import NDArray

from carafe.errors import CarafeError, CorruptArtefact, InvalidInput, InvalidParameter, NewerArtefact, PredictionFailed
from carafe.models.features import MAX_CELLS, Features
from carafe.models.lowering.heads import Chances, Head, Numbers, matrix_head, row_head
from carafe.models.lowering.kernel import Graph, Kernel, Leaves, Linear, Tail
from carafe.models.lowering.matrix import matrix_encoder
from carafe.models.lowering.plan import MAX_DENSE, Plan
from carafe.models.lowering.scorers import OddRow, scorer
from carafe.models.lowering.words import Words
from carafe.models.model import Model
from carafe.schema import Rows, Signature
from carafe.schema.prediction import Prediction
from carafe.schema.rows import Record, invalid_input, records_of

PLAN = "plan.json"
"""The file that holds a lowered model's plan, kernel and head."""

FORMAT = 1
"""The format of plan.json that this Carafe writes, and the newest that it reads."""

FEW = 16
"""Up to so many records are answered one by one; from about so many on arrays are made faster than they are saved."""

EXACT, SINGLE = 1e-9, 1e-6
"""Tolerances, relative: where everything is computed in double precision, and where some of it may not be."""

CHUNK = 4_000_000
"""Numbers: of larger tables so much is held in memory at a time, 32 MB."""


class Lowered(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything about a lowered model but its graphs.

    ``names`` are those of the plan's outputs; None where these are not what stands before the last step.
    ``exact`` tells that all of it computes in double precision.

    Raises:
        ValueError: when its kernel takes a matrix that is too wide (a ``msgspec.ValidationError`` where it is decoded).
    """

    format: int = FORMAT
    plan: Plan
    tail: Tail | None = None
    kernel: Kernel
    head: Head
    names: tuple[str, ...] | None = None
    exact: bool = True

    def __post_init__(self) -> None:
        width = len(self.plan.outputs)
        if width > MAX_DENSE and not self.adds_words:
            raise ValueError(f"a matrix of {width} features, expected at most {MAX_DENSE}")

    @property
    def adds_words(self) -> bool:
        """Whether scores are sums over words: of thousands a text has a few, and no matrix of them is ever made."""
        words = any(isinstance(op, Words) for op in self.plan.ops)
        return words and isinstance(self.kernel, Linear) and self.tail is None

    @property
    def tolerance(self) -> float:
        """How far its numbers may be from the native model's, relatively."""
        return EXACT if self.exact else SINGLE


class _Format(msgspec.Struct):
    """The one field that every format has."""

    format: int


def encode_lowered(lowered: Lowered) -> bytes:
    """Return the content of plan.json."""
    return msgspec.json.encode(lowered)


def decode_lowered(content: bytes) -> Lowered:
    """Read what ``encode_lowered`` wrote.

    Raises:
        CorruptArtefact: when it is nothing of that kind.
        NewerArtefact: when a newer Carafe wrote it.
    """
    try:
        number = msgspec.json.decode(content, type=_Format).format
        if number > FORMAT:
            raise NewerArtefact(f"{PLAN}: format {number}, expected at most {FORMAT}: upgrade carafe-serve to load it")
        return msgspec.json.decode(content, type=Lowered)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise CorruptArtefact(f"{PLAN}: {error}") from error


class LoweredModel:
    """A model that answers from plain data. Safe to ask from several threads.

    Args:
        lowered: the plan, the kernel and the head.
        files: the kernel's files.
        signature: the rows' columns and the target.
        native: loads the model that was lowered, for ``transform`` where the plan goes further, or not as far.

    Raises:
        CorruptArtefact: when the files are not what the kernel says.
    """

    def __init__(
        self,
        lowered: Lowered,
        *,
        files: Mapping[str, bytes],
        signature: Signature,
        native: Callable[[], Model],
    ) -> None:
        self._signature, self._lowered, self._native = signature, lowered, native
        self._encode = matrix_encoder(lowered.plan)
        self._scorer = scorer(lowered.kernel, lowered.plan, files, tail=lowered.tail)
        self._score, self._answer = self._scorer.row, row_head(lowered.head)
        self._breadth = _breadth(lowered)
        self._by_record = lowered.adds_words
        self._gives = not isinstance(lowered.head, Numbers) and lowered.head.chances is not Chances.NONE

    @property
    def signature(self) -> Signature:
        """The columns it takes and the target it answers with."""
        return self._signature

    def predict(self, rows: Rows, *, probabilities: bool = False) -> Prediction:
        """Answer every row, as the Model protocol says."""
        if probabilities and not self._gives:
            raise InvalidParameter("probabilities: this model gives none; ask without them")
        records = rows.records
        if records is not None and len(records) <= FEW:
            try:
                return self._few(records, probabilities=probabilities)
            except (CarafeError, OddRow, OverflowError):
                pass  # as a matrix they are refused with every problem named, or answered
        return self._many(rows, probabilities=probabilities)

    def transform(self, rows: Rows) -> Features:
        """Return the features after preprocessing, as the Model protocol says."""
        names = self._lowered.names
        if names is None:
            return self._native().transform(rows)
        if rows.count * len(names) > MAX_CELLS:
            raise PredictionFailed(
                f"transform: {rows.count} rows of {len(names)} features are more than {MAX_CELLS} numbers; "
                "send fewer rows at a time"
            )
        return Features(names=names, matrix=self._encode(rows))

    def _few(self, records: Sequence[Record], *, probabilities: bool) -> Prediction:
        score, answer = self._score, self._answer
        if len(records) == 1:
            value, chances = answer(score(records[0]), probabilities)
            return Prediction.of_lists((value,), None if chances is None else (chances,))
        answers = [answer(score(record), probabilities) for record in records]
        chances_of = [chances for _, chances in answers if chances is not None]
        return Prediction.of_lists([value for value, _ in answers], chances_of if probabilities else None)

    def _many(self, rows: Rows, *, probabilities: bool) -> Prediction:
        scores = self._scores_by_record(rows) if self._by_record and rows.count else self._scores(rows)
        values, chances = matrix_head(self._lowered.head, scores, probabilities=probabilities)
        return Prediction(values=values, probabilities=chances)

    def _scores(self, rows: Rows) -> NDArray[np.float64]:
        """Return the scores of rows, so many at a time that what is computed for them takes little memory."""
        size = max(1, CHUNK // self._breadth)
        if rows.count <= size:
            return self._scorer.matrix(self._encode(rows))
        parts = []
        for start in range(0, rows.count, size):
            with _numbered(range(start, rows.count)):
                parts.append(self._scorer.matrix(self._encode(rows.take(slice(start, start + size)))))
        return np.concatenate(parts)

    def _scores_by_record(self, rows: Rows) -> NDArray[np.float64]:
        """Return the scores of rows without a matrix; the odd ones have one, and are refused there, or answered."""
        scores: list[list[float]] = []
        odd: list[int] = []
        for index, record in enumerate(records_of(self._signature, rows)):
            try:
                scores.append(self._score(record))
            except (CarafeError, OddRow, OverflowError):
                scores.append([])
                odd.append(index)
        if odd:
            with _numbered(odd):
                found = self._scores(rows.take(np.array(odd)))
            for index, one in zip(odd, found.tolist(), strict=True):
                scores[index] = one
        return np.array(scores, dtype=np.float64)


@contextmanager
def _numbered(rows: Sequence[int]) -> Iterator[None]:
    """Have a row that is refused named by its place among all: ``rows`` has that of each row that is asked about."""
    try:
        yield
    except InvalidInput as error:
        raise invalid_input(replace(problem, row=rows[problem.row]) for problem in error.problems) from error


def _breadth(lowered: Lowered) -> int:
    """Return how many numbers are held for a row at a time, at least about."""
    kernel, known = lowered.kernel, [1, len(lowered.plan.outputs)]
    if lowered.tail is not None:
        known.append(lowered.tail.breadth)
    if isinstance(kernel, Graph):
        known += [kernel.outputs, kernel.breadth]
    if isinstance(kernel, Leaves):
        known.append(2 * kernel.trees)
    return max(known)
