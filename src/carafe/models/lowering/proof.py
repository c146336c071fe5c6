"""The proof that a candidate answers as the native model does: on every given row and on edge rows, on every path.

The native model's answers are the truth. A candidate is asked about all rows column by column, as bulk requests ask;
about all edge rows and a spread of the given rows record by record, alone and a few together, as small requests ask;
with probabilities and without; and for the features after preprocessing. It must refuse what the native model
refuses, with the same error. Less is asked of edge rows that the native model answers with no finite number, and of
those with numbers beyond single precision; see ``Lenience``.

Of a large table only a spread is asked record by record: up to a thousand rows, and sixty-four where the candidate is
so slow that a thousand would take seconds. What is wrong with a plan is wrong with it column by column, too, and there
every row is compared.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from carafe.errors import CarafeError, MissingExtra
from carafe.models.features import Features
from carafe.models.golden import typical_size
from carafe.models.lowering.answers import Answers, Part, ask, of_columns, of_records
from carafe.models.lowering.comparison import Difference, Lenience, Ruler, compare, relative_distance
from carafe.models.lowering.edges import Edges
from carafe.models.lowering.kernel import MANY
from carafe.models.model import Model
from carafe.schema import Rows
from carafe.schema.rows import records_of

MOST = 65_536
"""How many rows are asked together at most."""

FEW = 16
"""How many records are asked together."""

SPREAD = 1000
"""How many of the given rows are asked record by record, where that is quick."""

SLOW_SPREAD = 64
"""How many are where it is not."""

SECONDS = 0.5
"""What is quick for ``SPREAD`` rows, in seconds."""

FEATURES = 500
"""For how many rows the features are compared."""

MOST_FEATURES = 2_000_000
"""How many numbers of features are compared at most."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Question:
    """Rows, what each of them is called, and what the native model says to them."""

    rows: Rows
    about: Sequence[str] | None
    truth: Answers

    @property
    def lenience(self) -> Lenience:
        """Which rows prove less than others: of those given none, of edge rows those that nobody is served."""
        if self.about is None:
            nothing = np.zeros(self.rows.count, dtype=bool)
            return Lenience(silent=nothing, far=nothing)
        return Lenience(silent=self.truth.silent, far=_far(self.rows))

    def name(self, row: int) -> str:
        """Return what a row is called, counted from 0."""
        return f"row {row} of those given" if self.about is None else f"edge row {row} ({self.about[row]})"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Truth:
    """What the native model says: to the given rows, to edge rows, to rows next to thresholds; and what it sees."""

    given: Question
    edges: Question
    borders: Question
    features: Features | None
    """Of the first of the given rows; None where the model has none to show."""
    probabilities: bool
    scale: float
    """The size below which an answer counts as near zero: typical of its numbers, or one over the number of classes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """How many rows were compared, how far apart numbers were at most, and what differed too much, if anything."""

    rows: int
    difference: float
    failure: str | None = None


def establish(
    native: Model, rows: Rows, edges: Edges, borders: Edges, *, features: Features | None, probabilities: bool
) -> Truth:
    """Ask the native model everything that candidates will be asked.

    Args:
        native: the model as its library runs it.
        rows: at least one row, better all that were held out.
        edges: edge rows.
        borders: rows next to the thresholds of trees, which are asked about in bulk only, for they are many.
        features: what ``first_features`` returned.
        probabilities: whether the model gives them.

    Raises:
        MissingExtra: when it needs a library that is not installed.
    """
    signature = native.signature
    classes = len(signature.target.classes) if probabilities else 0
    odd, near = (Rows(Rows.of_records(signature, each.records).columns) for each in (edges, borders))
    given, edge, border = (
        Question(
            rows=part,
            about=about,
            truth=ask(native, of_columns(part), count=part.count, most=MOST, classes=classes),
        )
        for part, about in ((rows, None), (odd, edges.about), (near, borders.about))
    )
    return Truth(
        given=given,
        edges=edge,
        borders=border,
        features=features,
        probabilities=probabilities,
        scale=1 / classes if classes else typical_size(given.truth.values),
    )


def first_features(native: Model, rows: Rows) -> Features | None:
    """Return the features that a model sees of the first rows, not too many numbers; None where it has none to show.

    Raises:
        MissingExtra: when it needs a library that is not installed.
    """
    try:
        width = len(native.transform(rows.take(slice(1))).names)
        return native.transform(rows.take(slice(min(FEATURES, max(1, MOST_FEATURES // max(1, width))))))
    except MissingExtra:
        raise
    except CarafeError:  # nothing to show, or a row that it refuses
        return None


def prove(candidate: Model, truth: Truth, *, tolerance: float) -> Proof:
    """Ask a candidate on every path, until it says something else than the native model.

    Args:
        candidate: the model to be proved, loaded from what will be stored.
        truth: what ``establish`` returned.
        tolerance: how far numbers may be off, relative: 1e-9 where everything is computed in double precision.

    Raises:
        MissingExtra: when it needs a library that is not installed.
    """
    count = truth.given.rows.count + truth.edges.rows.count + truth.borders.rows.count
    ruler = Ruler(tolerance=tolerance, scale=truth.scale, classes=candidate.signature.target.classes)
    largest = 0.0
    for path in _paths(candidate, truth):
        found = _compare(candidate, path, truth, ruler)
        largest = max(largest, found.largest)
        if found.row is not None:
            name = path.question.name(int(path.rows[found.row]))
            return Proof(rows=count, difference=largest, failure=f"{name}, {path.how}: {found.story}")
    return Proof(rows=count, difference=largest, failure=_feature_failure(candidate, truth, tolerance))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Path:
    """One way of asking about some of a question's rows."""

    how: str
    question: Question
    rows: NDArray[np.intp]
    part: Part
    most: int


def _paths(candidate: Model, truth: Truth) -> Iterator[_Path]:
    """Yield every way in which the candidate is asked; what takes longer comes last."""
    for question in (truth.given, truth.edges, truth.borders):
        everything = np.arange(question.rows.count)
        yield _Path(how="in bulk", question=question, rows=everything, part=of_columns(question.rows), most=MOST)
    many = np.resize(np.arange(truth.given.rows.count), MANY)  # from so many on a graph of its own answers
    part = of_columns(truth.given.rows.take(many))
    yield _Path(how="among very many", question=truth.given, rows=many, part=part, most=MANY)
    edges = np.arange(truth.edges.rows.count)
    yield from _by_record(candidate, truth.edges, edges)
    few = _spread(truth.given.rows.count, SLOW_SPREAD)
    began = time.perf_counter()
    yield from _by_record(candidate, truth.given, few)
    if (time.perf_counter() - began) * SPREAD <= SECONDS * len(few):
        yield from _by_record(candidate, truth.given, _spread(truth.given.rows.count, SPREAD))


def _by_record(candidate: Model, question: Question, rows: NDArray[np.intp]) -> Iterator[_Path]:
    some = question.rows.take(rows)
    part = of_records(candidate.signature, records_of(candidate.signature, some))
    yield _Path(how="one record alone", question=question, rows=rows, part=part, most=1)
    yield _Path(how="a few records together", question=question, rows=rows, part=part, most=FEW)


def _compare(candidate: Model, path: _Path, truth: Truth, ruler: Ruler) -> Difference:
    """Ask with and, where there are any, without probabilities."""
    found, largest = Difference(largest=0.0), 0.0
    for classes in dict.fromkeys([len(ruler.classes) if truth.probabilities else 0, 0]):
        got = ask(candidate, path.part, count=len(path.rows), most=path.most, classes=classes)
        found = compare(got, path.question.truth, path.rows, ruler, path.question.lenience)
        largest = max(largest, found.largest)
        if found.row is not None:
            break
    return replace(found, largest=largest)


def _far(rows: Rows) -> NDArray[np.bool_]:
    """Return which rows hold a number beyond single precision: its square may be beyond double precision, too."""
    far = np.zeros(rows.count, dtype=bool)
    for column in rows.columns:
        if column.dtype.kind == "f":
            far |= np.abs(column) > np.finfo(np.float32).max
    return far


def _feature_failure(candidate: Model, truth: Truth, tolerance: float) -> str | None:
    if truth.features is None:
        return None
    got = candidate.transform(truth.given.rows.take(slice(len(truth.features.matrix))))
    if got.names != truth.features.names:
        return (
            f"it sees {len(got.names)} features, or calls them otherwise than the native model, which sees "
            f"{len(truth.features.names)}"
        )
    distance = relative_distance(got.matrix, truth.features.matrix, 0.0)
    wrong = ~(distance <= tolerance)
    if not wrong.any():
        return None
    row, feature = map(int, np.argwhere(wrong)[0])
    return (
        f"{truth.given.name(row)}: feature {truth.features.names[feature]} is {float(got.matrix[row, feature])!r}, the "
        f"native model's {float(truth.features.matrix[row, feature])!r}"
    )


def _spread(count: int, most: int) -> NDArray[np.intp]:
    """Return at most so many positions, spread evenly from the first to the last."""
    return np.unique(np.linspace(0, max(0, count - 1), min(most, count)).round().astype(np.intp))
