"""Errors of what a caller sent, and of answers that would come too late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from carafe.errors.base import CarafeError


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldProblem:
    """One thing wrong with one field of one row, which are counted from 0; the field is empty where a row is wrong.

    ``got`` is what came, shortened, as JSON where it is a value; ``expected`` is what would have been accepted.
    """

    row: int
    field: str
    got: str
    expected: str

    def __str__(self) -> str:
        where = f"row {self.row}, " if self.row else ""
        return f"{where}{self.field or 'record'}: got {self.got}, expected {self.expected}"


class InvalidInput(CarafeError):
    """Raised when rows do not fit the model's signature; carries every field's problem, not only the first."""

    slug = "invalid-input"
    title = "The input does not fit the model"

    def __init__(self, problems: Sequence[FieldProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(map(str, self.problems[:5])) + ("; ..." if len(self.problems) > 5 else ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentProblem:
    """One thing wrong with one field of a document, which has no rows; the field is empty where the whole is wrong."""

    field: str
    got: str
    expected: str

    def __str__(self) -> str:
        return f"{self.field or 'the document'}: got {self.got}, expected {self.expected}"


class InvalidDocument(CarafeError):
    """Raised when a body that asks for a change, such as of an alias, does not say what it must; names each field."""

    slug = "invalid-document"
    title = "The body does not say what this needs"

    def __init__(self, problems: Sequence[DocumentProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(map(str, self.problems)))


class MalformedBody(CarafeError):
    """Raised when a body is not what its format promises: broken JSON, broken CSV, invalid UTF-8."""

    slug = "malformed-body"
    title = "The body can't be parsed"


class UnsupportedMediaType(CarafeError):
    """Raised when a body comes in a format that the route does not take."""

    slug = "unsupported-media-type"
    title = "The body's type is not supported here"


class NotAcceptable(CarafeError):
    """Raised when a client accepts only formats that the route can't answer in."""

    slug = "not-acceptable"
    title = "No acceptable answer format"


class BodyTooLarge(CarafeError):
    """Raised when a body has more bytes or rows than the settings allow."""

    slug = "body-too-large"
    title = "The body is too large"


class PreconditionFailed(CarafeError):
    """Raised when a request sets a condition for a change of what has no revision, so that it can't be held."""

    slug = "precondition-failed"
    title = "The condition can't be held"


class InvalidParameter(CarafeError):
    """Raised when a query parameter, a path segment or an argument has a value that can't be used."""

    slug = "invalid-parameter"
    title = "A parameter has a value that can't be used"


class ServerBusy(CarafeError):
    """Raised when as many requests wait for a model as may, or one has waited as long as it may; ask again later."""

    slug = "server-busy"
    title = "Too many requests are waiting"
    retry_seconds = 1


class DeadlineExceeded(CarafeError):
    """Raised when the time that a client gave for an answer is over; its rows did not reach the model."""

    slug = "deadline-exceeded"
    title = "The time that the client gave is over"


class StillLoading(ServerBusy):
    """Raised when a version is being loaded for longer than a request, or a promotion, may wait; ask again later."""

    slug = "still-loading"
    title = "The model is still being loaded"
