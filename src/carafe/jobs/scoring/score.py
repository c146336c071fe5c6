"""The answers to one batch, and which of its rows the model itself refuses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

from carafe.errors import FieldProblem, InvalidInput
from carafe.jobs.scoring.answers import answers_of, not_finite
from carafe.jobs.scoring.batch import Batch
from carafe.jobs.scoring.order import Order
from carafe.schema import Prediction, Rows, Signature
from carafe.schema.values import shown

Ask = Callable[[Rows], Prediction]
"""Answers rows that fit the signature, as ``Model.predict`` does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A batch and its answers, row by row."""

    batch: Batch
    answers: pl.DataFrame
    """The columns that are added."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorer:
    """Answers batches for one version."""

    ask: Ask
    order: Order
    signature: Signature
    spreadsheet: bool
    """Whether the answers go where a label could be run as a formula."""

    def score(self, batch: Batch) -> Scored:
        """Return the batch's answers; rows that the model refuses are among ``batch.refused`` then.

        Raises:
            PredictionFailed: when the model fails on these rows.
        """
        batch, prediction = self._answered(batch)
        unfit = not_finite(prediction)
        if unfit:
            batch = batch.without(unfit)
            prediction = _without(prediction, unfit)
        answers = answers_of(prediction, self.order, self.signature, spreadsheet=self.spreadsheet)
        return Scored(batch=batch, answers=answers)

    def _answered(self, batch: Batch) -> tuple[Batch, Prediction]:
        while batch.rows.count:
            try:
                return batch, self.ask(batch.rows)
            except InvalidInput as error:
                refused = _refused(error, self.signature, batch.rows)
                if not refused:
                    raise
                batch = batch.without(refused)
        return batch, self._nothing()

    def _nothing(self) -> Prediction:
        classes = len(self.signature.target.classes)
        chances = np.empty((0, classes)) if self.order.probabilities else None
        if classes:
            return Prediction(values=np.empty(0, dtype=np.intp), probabilities=chances)
        return Prediction(values=np.empty(0, dtype=np.float64))


def _refused(error: InvalidInput, signature: Signature, rows: Rows) -> list[FieldProblem]:
    """Return what the model refuses: what it named, and the other unknown categories of the columns it named."""
    named = {(problem.row, problem.field): problem for problem in error.problems if problem.row < rows.count}
    expected = {problem.field: problem.expected for problem in error.problems}
    for index, known in signature.known_categories:
        name = signature.names[index]
        if name in expected:
            for row, value in enumerate(rows.columns[index]):
                if value is not None and value not in known and (row, name) not in named:
                    named[row, name] = FieldProblem(row=row, field=name, got=shown(value), expected=expected[name])
    return list(named.values())


def _without(prediction: Prediction, problems: list[FieldProblem]) -> Prediction:
    good = np.ones(len(prediction.values), dtype=bool)
    good[[problem.row for problem in problems]] = False
    chances = prediction.probabilities
    return Prediction(values=prediction.values[good], probabilities=None if chances is None else chances[good])
