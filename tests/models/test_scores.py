from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score
from sklearn.metrics import log_loss as reference
from sklearn.metrics import root_mean_squared_error as root_error

from carafe.models.scores import accuracy, log_loss, root_mean_squared_error, smaller_is_better


def test_log_loss_by_hand() -> None:
    chances = np.array([[0.8, 0.2], [0.3, 0.7]])
    found = log_loss(np.array(["a", "b"]), chances, np.array(["a", "b"]))
    assert found == pytest.approx(-(math.log(0.8) + math.log(0.7)) / 2)


def test_a_class_that_the_model_never_met_costs_as_much_as_one_it_excluded() -> None:
    found = log_loss(np.array(["c"]), np.array([[0.5, 0.5]]), np.array(["a", "b"]))
    assert found == pytest.approx(-math.log(np.finfo(np.float64).eps))


def test_classes_need_not_be_in_order() -> None:
    chances = np.array([[0.9, 0.1]])
    assert log_loss(np.array(["a"]), chances, np.array(["b", "a"])) == pytest.approx(-math.log(0.1))


@given(st.lists(st.tuples(st.integers(0, 2), st.floats(0.01, 1), st.floats(0.01, 1), st.floats(0.01, 1)), min_size=1))
def test_log_loss_is_scikit_learns(rows: list[tuple[int, float, float, float]]) -> None:
    expected = np.array([row[0] for row in rows])
    chances = np.array([row[1:] for row in rows])
    chances /= chances.sum(axis=1, keepdims=True)
    assert log_loss(expected, chances, np.arange(3)) == pytest.approx(reference(expected, chances, labels=[0, 1, 2]))


def test_the_root_mean_squared_error_by_hand() -> None:
    assert root_mean_squared_error(np.array([1.0, 2.0]), np.array([4.0, 6.0])) == pytest.approx(math.sqrt(12.5))


@given(st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)), min_size=1))
def test_the_root_mean_squared_error_is_scikit_learns(rows: list[tuple[float, float]]) -> None:
    expected, predicted = np.array(rows).T
    assert root_mean_squared_error(expected, predicted) == pytest.approx(root_error(expected, predicted))


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=1))
def test_the_accuracy_is_scikit_learns(rows: list[tuple[str, str]]) -> None:
    expected, called = np.array(rows).T
    assert accuracy(expected, called) == pytest.approx(accuracy_score(expected, called))


@pytest.mark.parametrize("metric", ["rmse", "RMSE", "mse", "mae", "mape", "log_loss", "log loss", "Log-loss"])
def test_an_error_is_better_when_smaller(metric: str) -> None:
    assert smaller_is_better(metric)


@pytest.mark.parametrize(
    "metric", ["r2", "R²", "accuracy", "balanced_accuracy", "roc_auc", "f1", "precision", "recall"]
)
def test_a_score_is_better_when_larger(metric: str) -> None:
    assert not smaller_is_better(metric)
