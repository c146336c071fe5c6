"""Answers that are kept: a row that was answered before is not asked about again.

A version's answer to a row is the same for everyone who may ask it, so a key holds nothing about who asks. Whether they
may is decided before the one door, and so before any look into a cache.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from carafe.errors import FieldProblem, InvalidInput
from carafe.models import Features, Model
from carafe.schema import Prediction, Rows, Signature
from carafe.schema.rows import invalid_input
from carafe.serving.cache_key import RowKeys
from carafe.serving.observers import Looked, Observers

MOST_ROWS = 32
"""A request of more rows goes past the cache: a table that is scored once would drive out what is asked often."""

Answer = tuple[float, tuple[float, ...] | None]
"""A row's answer: a float or the index of a class (an int), and the probabilities where they were asked for."""


class AnswerCache(Protocol):
    """Keeps answers for a while. Safe to use from several threads; it may forget any answer at any time.

    Nothing it does may fail a request or hold it up: what can't be had is not there.
    """

    def find(self, keys: Sequence[bytes]) -> list[Answer | None]:
        """Return the answer kept under each key, None where there is none."""
        ...

    def keep(self, answers: Mapping[bytes, Answer]) -> None:
        """Keep answers, in place of those under the same keys."""
        ...


class CachedModel:
    """A model whose answers are kept, row by row.

    Args:
        model: answers what is not in the cache.
        version: its name and number, for events.
        cache: where answers are kept; other versions' may be in there, too.
        keys: turns rows into this version's keys.
        observers: are told how many rows were found.
    """

    def __init__(
        self, model: Model, *, version: tuple[str, int], cache: AnswerCache, keys: RowKeys, observers: Observers
    ) -> None:
        self._model = model
        self._version = version
        self._cache = cache
        self._keys = keys
        self._observers = observers

    @property
    def signature(self) -> Signature:
        """The model's own."""
        return self._model.signature

    def predict(self, rows: Rows, *, probabilities: bool = False) -> Prediction:
        """Answer every row, out of the cache where it can.

        Raises:
            InvalidInput, InvalidParameter, PredictionFailed, ServerBusy: as the model does; failures are not kept.
        """
        if rows.count > MOST_ROWS:
            return self._model.predict(rows, probabilities=probabilities)
        keys = self._keys.of(rows, probabilities=probabilities)
        found = self._cache.find(keys)
        answers = [one if one and self._fits(one, probabilities=probabilities) else None for one in found]
        missing = [index for index, answer in enumerate(answers) if answer is None]
        self._tell(hits=len(keys) - len(missing), misses=len(missing))
        if not missing:
            return _prediction(answers, probabilities=probabilities)
        fresh = self._ask(rows, missing, probabilities=probabilities)
        new = dict(zip((keys[index] for index in missing), _answers(fresh), strict=True))
        self._cache.keep(new)
        if len(missing) == len(keys):
            return fresh
        both = [answer or new[key] for key, answer in zip(keys, answers, strict=True)]
        return _prediction(both, probabilities=probabilities, waited=fresh.waited)

    def transform(self, rows: Rows) -> Features:
        """Return the features after preprocessing; never cached.

        Raises:
            InvalidInput, PredictionFailed: as the model does.
        """
        return self._model.transform(rows)

    def _ask(self, rows: Rows, missing: Sequence[int], *, probabilities: bool) -> Prediction:
        """Ask the model about some rows; a refusal names them as the request does."""
        if len(missing) == rows.count:
            return self._model.predict(rows, probabilities=probabilities)
        try:
            return self._model.predict(rows.chosen(missing), probabilities=probabilities)
        except InvalidInput as error:
            raise invalid_input(_moved(problem, missing) for problem in error.problems) from error

    def _fits(self, answer: Answer, *, probabilities: bool) -> bool:
        """Tell whether this model could have given an answer: a shared cache may hold what others have put there."""
        value, chances = answer
        classes = len(self._model.signature.target.classes)
        if classes and not (0 <= value < classes and value == int(value)):
            return False
        return not probabilities if chances is None else probabilities and len(chances) == (classes or len(chances))

    def _tell(self, *, hits: int, misses: int) -> None:
        if self._observers.hear_looked:
            name, number = self._version
            self._observers.looked(Looked(name=name, number=number, hits=hits, misses=misses))


def _moved(problem: FieldProblem, missing: Sequence[int]) -> FieldProblem:
    row = missing[problem.row] if problem.row < len(missing) else problem.row
    return FieldProblem(row=row, field=problem.field, got=problem.got, expected=problem.expected)


def _answers(prediction: Prediction) -> list[Answer]:
    chances = prediction.listed_probabilities
    if chances is None:
        return [(value, None) for value in prediction.listed_values]
    return [(value, tuple(row)) for value, row in zip(prediction.listed_values, chances, strict=True)]


def _prediction(answers: Sequence[Answer | None], *, probabilities: bool, waited: float = 0.0) -> Prediction:
    found = [answer for answer in answers if answer]
    chances = [row or () for _, row in found] if probabilities else None
    return Prediction(listed_values=[value for value, _ in found], listed_probabilities=chances, waited=waited)
