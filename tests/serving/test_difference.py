from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from carafe.schema import Label, Prediction, Signature, Target, Task
from carafe.serving.difference import RELATIVE, compare
from served import HOUSES, IRIS

nan, inf = math.nan, math.inf


def numbers(*values: float) -> Prediction:
    return Prediction(values=np.array(values, dtype=np.float64))


def classes(*labels: Label) -> Signature:
    return Signature(columns=(), target=Target(name="kind", task=Task.CLASSIFICATION, classes=labels))


def test_numbers_differ_beyond_a_millionth_of_the_larger_one() -> None:
    found = compare(
        numbers(100, 100, 0, -8, nan, inf), numbers(100.00005, 110, 0, 8, nan, inf), given=HOUSES, wanted=HOUSES
    )
    assert (found.rows, found.different, found.measured) == (6, 2, 6)
    assert found.total == pytest.approx(26.00005)
    assert found.largest == 16
    assert found.relative_total == pytest.approx(10 / 110 + 2, rel=1e-5)
    assert dict(zip(RELATIVE, found.relative, strict=False)) == dict.fromkeys(RELATIVE, 0) | {1e-6: 4, 0.1: 1}
    assert found.relative[-1] == 1


def test_a_number_beside_none_differs_by_no_finite_amount() -> None:
    found = compare(numbers(nan, inf, 1), numbers(1, -inf, inf), given=HOUSES, wanted=HOUSES)
    assert (found.different, found.measured, found.total) == (3, 0, 0)
    assert found.relative[-1] == 3


def test_labels_are_compared_by_what_they_are_called() -> None:
    answer, other = Prediction.of_lists([0, 1, 1, 0]), Prediction.of_lists([1, 0, 2, 1])
    found = compare(answer, other, given=classes("no", "yes"), wanted=classes("yes", "no", "perhaps"))
    assert (found.rows, found.different, found.measured) == (4, 1, 0)
    found = compare(answer, Prediction.of_lists([0, 1, 1, 0]), given=classes(0, 1), wanted=classes(False, True))
    assert found.different == 4


def test_probabilities_differ_by_the_class_that_differs_most() -> None:
    answer = Prediction.of_lists([0, 1], [[0.6, 0.4], [0.1, 0.9]])
    other = Prediction.of_lists([1, 2], [[0.3, 0.5, 0.2], [0.1, 0.1, 0.8]])
    found = compare(answer, other, given=classes("a", "b"), wanted=classes("b", "a", "c"))
    assert (found.different, found.measured, found.relative) == (1, 2, ())
    assert found.largest == pytest.approx(0.8)
    assert found.total == pytest.approx(0.2 + 0.8)
    assert compare(answer, Prediction.of_lists([0, 1]), given=IRIS, wanted=IRIS).measured == 0


@given(hnp.arrays(np.float64, st.integers(1, 20)))
def test_every_number_falls_into_one_bucket_and_is_the_same_as_itself(values: np.ndarray) -> None:
    same = compare(Prediction(values=values), Prediction(values=values), given=HOUSES, wanted=HOUSES)
    assert (same.rows, same.different, same.largest) == (len(values), 0, 0)
    turned = compare(Prediction(values=values), Prediction(values=values[::-1].copy()), given=HOUSES, wanted=HOUSES)
    assert sum(turned.relative) == len(values)
    assert turned.different == sum(turned.relative[1:])
