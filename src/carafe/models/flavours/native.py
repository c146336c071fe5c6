"""A scikit-learn estimator behind the Model protocol: the most faithful way to answer, and the slowest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.pipeline import Pipeline

from carafe.errors import CarafeError, FieldProblem, InvalidParameter, MissingExtra, PredictionFailed
from carafe.models.container import Container
from carafe.models.containers import build_table
from carafe.models.features import MAX_CELLS, Features
from carafe.models.flavours.frame_libraries import import_frame_libraries
from carafe.schema import Rows, Signature, Task
from carafe.schema.prediction import Prediction
from carafe.schema.rows import invalid_input
from carafe.schema.values import shown

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NativeModel:
    """A fitted estimator, the signature of its rows, and the kind of table it takes."""

    estimator: Any
    signature: Signature
    container: Container
    _order: NDArray[np.intp] = field(init=False, repr=False)
    _classes: NDArray[Any] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        import_frame_libraries()  # here, as every native model is made before it answers
        classes = np.asarray(getattr(self.estimator, "classes_", ()))
        object.__setattr__(self, "_order", np.argsort(classes, kind="stable"))
        object.__setattr__(self, "_classes", classes[self._order])

    def predict(self, rows: Rows, *, probabilities: bool = False) -> Prediction:
        """Answer every row, as the Model protocol says."""
        if probabilities and not hasattr(self.estimator, "predict_proba"):
            raise InvalidParameter("probabilities: this model gives none; ask without them")
        before, last = _split(self.estimator)
        return self._run(rows, lambda table: self._predict(last, _through(before, table), probabilities=probabilities))

    def transform(self, rows: Rows) -> Features:
        """Return the features after preprocessing, as the Model protocol says."""
        before, _ = _split(self.estimator)
        return self._run(rows, lambda table: self._features(before, _through(before, table)))

    def _predict(self, last: Any, table: Any, *, probabilities: bool) -> Prediction:  # noqa: ANN401 - any table
        answers = np.asarray(last.predict(table))
        chances = np.asarray(last.predict_proba(table), dtype=np.float64) if probabilities else None
        if self.signature.target.task is Task.CLASSIFICATION:
            return Prediction(values=self._order[np.searchsorted(self._classes, answers)], probabilities=chances)
        return Prediction(values=answers.astype(np.float64).reshape(len(answers)))

    def _features(self, before: Any, table: Any) -> Features:  # noqa: ANN401 - any table
        names = feature_names(before, self.signature.names)
        if hasattr(table, "shape") and len(table.shape) == 2 and table.shape[0] * table.shape[1] > MAX_CELLS:
            raise PredictionFailed(
                f"transform: {table.shape[0]} rows of {table.shape[1]} features are more than {MAX_CELLS} numbers; "
                "send fewer rows at a time"
            )
        matrix = table.toarray() if sparse.issparse(table) else _coded(table)
        try:
            numbers = np.asarray(matrix, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise PredictionFailed(
                f"transform: the preprocessing gives no numbers ({error}); there is nothing to show"
            ) from error
        if numbers.ndim != 2 or numbers.shape[1] != len(names):
            names = tuple(f"feature_{index}" for index in range(numbers.shape[-1]))
        return Features(names=names, matrix=numbers)

    def _run(self, rows: Rows, work: Callable[[Any], _T]) -> _T:
        """Build the table and do the work; tell a category that the model refuses from a model that fails."""
        try:
            return work(build_table(self.container, self.signature, rows))
        except CarafeError:
            raise
        except Exception as error:
            absent = _absent(error)
            if absent is not None:  # before any category is blamed: no row would be answered
                raise MissingExtra.of("this model", absent) from error
            # a number that is too large for the model is no category's fault, whichever the row holds
            problems = [] if "infinity" in str(error) else _unseen(self.signature, rows)
            if problems:
                raise invalid_input(problems) from error
            raise PredictionFailed(f"the model fails on these rows: {type(error).__name__}: {error}") from error


def last_step(estimator: Any) -> Any:  # noqa: ANN401 - scikit-learn ships no types
    """Return the estimator at the end of a pipeline, or the estimator itself."""
    return _split(estimator)[1]


def feature_names(before: Any, names: tuple[str, ...]) -> tuple[str, ...]:  # noqa: ANN401 - scikit-learn ships no types
    """Return the names of what the preprocessing gives; the columns' own where there is none or it has no names."""
    if before is None:
        return names
    try:
        return tuple(map(str, before.get_feature_names_out()))
    except (AttributeError, ValueError):
        return ()


def _split(estimator: Any) -> tuple[Any, Any]:  # noqa: ANN401 - scikit-learn ships no types
    """Return the steps before the last, or None, and the last."""
    if not isinstance(estimator, Pipeline):
        return None, estimator
    if len(estimator.steps) == 1:
        return None, estimator.steps[0][1]
    return estimator[:-1], estimator.steps[-1][1]


def _through(before: Any, table: Any) -> Any:  # noqa: ANN401 - any table
    return table if before is None else before.transform(table)


def _coded(table: Any) -> Any:  # noqa: ANN401 - any table
    """Return a frame whose categories are replaced by their codes; anything else as it is."""
    if not hasattr(table, "dtypes"):
        return table
    return np.column_stack([_codes(table[name]) for name in table.columns])


def _codes(column: Any) -> Any:  # noqa: ANN401 - a pandas or polars column
    if hasattr(column, "cat") and hasattr(column.cat, "codes"):
        codes = column.cat.codes.to_numpy().astype(np.float64)
        return np.where(codes < 0, np.nan, codes)
    return column.to_numpy()


def _absent(error: BaseException | None) -> ImportError | None:
    """Return the failed import of an optional library behind an error; libraries wrap it in errors of their own."""
    while error is not None:
        if isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] in MissingExtra.EXTRAS:
            return error
        error = error.__cause__ or error.__context__
    return None


def _unseen(signature: Signature, rows: Rows) -> list[FieldProblem]:
    """Return a problem for each category in ``rows`` that is none of its column's."""
    problems: list[FieldProblem] = []
    for index, known in signature.known_categories:
        expected = "one of the values it was fitted on: " + ", ".join(sorted(known)[:20])
        problems.extend(
            FieldProblem(row=row, field=signature.names[index], got=shown(value), expected=expected)
            for row, value in enumerate(rows.columns[index])
            if value is not None and value not in known
        )
    return problems
