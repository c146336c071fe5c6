from __future__ import annotations

from collections.abc import Iterator

import pytest

from carafe.errors import FieldProblem, InvalidInput
from carafe.schema import Prediction, Rows
from carafe.schema.rows import encode_records
from carafe.schema.signature import Column, Kind, Signature, Target, Task
from carafe.serving.costs import TOGETHER, Costs, example_records, measure
from served import EVERYTHING, HOUSES


class Clocked:
    """A model that takes as long as it is told on a clock that only it moves."""

    def __init__(self, *, call: float, row: float) -> None:
        self.now = 0.0
        self.signature = HOUSES
        self.asked: list[int] = []
        self._call, self._row = call, row

    def predict(self, rows: Rows, *, probabilities: bool = False) -> Prediction:
        assert not probabilities
        self.asked.append(rows.count)
        self.now += self._call + self._row * rows.count
        return Prediction.of_lists([1.0] * rows.count)

    def transform(self, rows: Rows) -> None:
        raise AssertionError(rows)


def costs_of(*, call: float, row: float) -> Costs:
    model = Clocked(call=call, row=row)
    found = measure(model, clock=lambda: model.now)  # type: ignore[arg-type]
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("call", "row", "favours"),
    [
        (350e-6, 1e-6, "batch"),
        (5e-3, 10e-6, "batch"),
        (10e-6, 1e-6, "direct"),
        (1e-6, 4.5e-3, "direct"),
        (60e-6, 0.0, "batch"),
        (40e-6, 0.0, "direct"),
        (1e-3, 2e-3, "direct"),
    ],
    ids=["sklearn linear", "sklearn forest", "compiled", "neighbours", "just worth it", "hardly", "row by row"],
)
def test_a_batch_is_favoured_only_where_it_is_clearly_cheaper_than_its_rows(
    call: float, row: float, favours: str
) -> None:
    costs = costs_of(call=call, row=row)
    assert costs.alone == pytest.approx(call + row)
    assert costs.together == pytest.approx(call + TOGETHER * row)
    assert costs.favour_batches is (favours == "batch")


def test_measuring_takes_little_time() -> None:
    quick, slow = Clocked(call=1e-6, row=0.0), Clocked(call=0.1, row=0.0)
    for model in (quick, slow):
        assert measure(model, clock=lambda model=model: model.now)  # type: ignore[arg-type, misc]
    assert quick.asked == [1] * 5 + [TOGETHER] * 5
    assert slow.asked == [1, TOGETHER]


def test_the_lowest_of_several_times_counts() -> None:
    ticks: Iterator[float] = iter([0.0, 9e-4, 1.0, 1.0001, 2.0, 2.0003, 3.0, 3.0002, 4.0, 4.0005] + [5.0, 5.02] * 5)
    costs = measure(Clocked(call=0.0, row=0.0), clock=lambda: next(ticks))  # type: ignore[arg-type]
    assert costs is not None
    assert costs.alone == pytest.approx(1e-4)


def test_a_model_that_refuses_made_up_rows_is_not_measured() -> None:
    class Picky(Clocked):
        def predict(self, rows: Rows, *, probabilities: bool = False) -> Prediction:
            raise InvalidInput([FieldProblem(row=rows.count, field="", got=str(probabilities), expected="")])

    assert measure(Picky(call=0.0, row=0.0)) is None  # type: ignore[arg-type]


@pytest.mark.parametrize("signature", [HOUSES, EVERYTHING])
def test_made_up_records_are_what_a_request_would_hold(signature: Signature) -> None:
    records = list(example_records(signature, 8))
    held = Rows.of_records(signature, records)
    assert [len(column) for column in held.columns] == [8] * len(signature.columns)
    for column, values in zip(signature.columns, zip(*records, strict=True), strict=True):
        if column.categories:
            assert set(values) == set(map(str, column.categories))
        if column.kind is Kind.DATETIME:
            assert all(isinstance(value, int) for value in values)


def test_examples_that_do_not_fit_are_left_out() -> None:
    column = Column(name="when", kind=Kind.DATETIME, example="2024-01-02", minimum=3.0, maximum=4.0)
    signature = Signature(columns=(column,), target=Target(name="y", task=Task.REGRESSION))
    (record,) = example_records(signature, 1)
    encoded = encode_records(signature, [["2024-01-02"]]).columns[0]
    assert Rows.of_records(signature, [record]).columns[0] == encoded
