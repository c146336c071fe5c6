"""What every Model must do, whatever its flavour."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from carafe.errors import InvalidParameter
from carafe.models.model import Model
from carafe.schema import Rows, Task
from carafe.schema.prediction import Prediction
from carafe.testing.raising import refused

MakeModel = Callable[[], tuple[Model, Rows]]
"""Returns a model and some rows, at least two, that it can answer."""


def _same(one: Prediction, other: Prediction) -> bool:
    """Tell whether two predictions are equal; a sum over a batch may differ in its last bits."""
    if (one.probabilities is None) != (other.probabilities is None):
        return False
    chances = one.probabilities is None or np.allclose(one.probabilities, other.probabilities, rtol=1e-9)  # type: ignore[arg-type]
    return chances and np.allclose(one.values, other.values, rtol=1e-9)


def each_row_has_one_answer_of_the_tasks_type(make: MakeModel) -> None:
    """Numbers are float64; classes are indices into the signature's, intp."""
    model, rows = make()
    values = model.predict(rows).values
    target = model.signature.target
    assert values.shape == (rows.count,)
    assert values.dtype == (np.float64 if target.task is Task.REGRESSION else np.intp)
    if target.task is Task.CLASSIFICATION:
        assert ((values >= 0) & (values < len(target.classes))).all()


def probabilities_come_when_asked_or_are_refused(make: MakeModel) -> None:
    """They are one row each, sum to one, and are None where nobody asked; a model without them says so."""
    model, rows = make()
    assert model.predict(rows).probabilities is None
    try:
        chances = model.predict(rows, probabilities=True).probabilities
    except InvalidParameter:
        return
    assert chances is not None
    assert chances.dtype == np.float64
    assert chances.shape == (rows.count, len(model.signature.target.classes))
    assert np.allclose(chances.sum(axis=1), 1)


def a_row_is_answered_alone_as_in_company(make: MakeModel) -> None:
    """No row's answer depends on its neighbours."""
    model, rows = make()
    together = model.predict(rows).values
    alone = [model.predict(rows.take(slice(index, index + 1))).values[0] for index in range(rows.count)]
    assert np.allclose(together, alone, rtol=1e-9)


def rows_are_left_as_they_are(make: MakeModel) -> None:
    """The model changes neither its rows nor itself."""
    model, rows = make()
    before = [column.copy() for column in rows.columns]
    first, again = model.predict(rows), model.predict(rows)
    assert _same(first, again)
    for column, copy in zip(rows.columns, before, strict=True):
        np.testing.assert_array_equal(column, copy)


def threads_may_ask_at_once(make: MakeModel) -> None:
    """Answers given to several threads are those given to one."""
    model, rows = make()
    expected = model.predict(rows)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: model.predict(rows), range(32)))
    assert all(_same(expected, answer) for answer in answers)


def features_are_named_numbers(make: MakeModel) -> None:
    """One float64 row for each row, one name for each column."""
    model, rows = make()
    features = model.transform(rows)
    assert features.matrix.dtype == np.float64
    assert features.matrix.shape == (rows.count, len(features.names))
    assert all(isinstance(name, str) for name in features.names)


def probabilities_of_numbers_are_refused(make: MakeModel) -> None:
    """A regression has no probabilities, and says so instead of leaving them out."""
    model, rows = make()
    if model.signature.target.task is Task.REGRESSION:
        refused(InvalidParameter, lambda: model.predict(rows, probabilities=True), "probabilities")


MODEL_CHECKS: tuple[Callable[[MakeModel], None], ...] = (
    each_row_has_one_answer_of_the_tasks_type,
    probabilities_come_when_asked_or_are_refused,
    a_row_is_answered_alone_as_in_company,
    rows_are_left_as_they_are,
    threads_may_ask_at_once,
    features_are_named_numbers,
    probabilities_of_numbers_are_refused,
)


def check_model(make: MakeModel) -> None:
    """Check everything a Model promises.

    Args:
        make: returns the model, and some rows that it can answer.

    Raises:
        AssertionError: when a promise is broken.
    """
    for check in MODEL_CHECKS:
        check(make)
