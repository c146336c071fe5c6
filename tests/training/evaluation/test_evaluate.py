from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray
from sklearn import metrics as reference

from carafe.schema import Column, Kind, Label, Rows, Signature, Target, Task
from carafe.training.evaluation.evaluate import Evaluation, evaluate
from carafe.training.evaluation.numbers import number_metrics
from carafe.training.labelled import Labelled


class Fixed:
    """A fitted estimator that gives the answers it was made with."""

    def __init__(
        self, called: list[Any], chances: list[list[float]] | None = None, classes: list[Any] | None = None
    ) -> None:
        self.called, self.chances = np.array(called), np.array(chances)
        self.classes_ = np.array(classes)

    def predict(self, frame: pl.DataFrame) -> NDArray[Any]:
        return self.called[: frame.height]

    def predict_proba(self, frame: pl.DataFrame) -> NDArray[Any]:
        return self.chances[: frame.height]


def labelled(target: list[Any], classes: tuple[Label, ...] = ()) -> Labelled:
    task = Task.CLASSIFICATION if classes else Task.REGRESSION
    signature = Signature(
        columns=(Column(name="x", kind=Kind.NUMBER),), target=Target(name="y", task=task, classes=classes)
    )
    return Labelled(signature=signature, rows=Rows((np.arange(float(len(target))),)), target=np.array(target))


def figures(found: Evaluation) -> dict[str, float]:
    return {metric.name: metric.value for metric in found.metrics}


EXPECTED = ["no", "no", "no", "yes", "yes", "no"]
CALLED = ["no", "yes", "no", "yes", "no", "no"]
CHANCES = [[0.9, 0.1], [0.4, 0.6], [0.8, 0.2], [0.3, 0.7], [0.6, 0.4], [0.7, 0.3]]


def binary() -> Evaluation:
    model = Fixed(CALLED, CHANCES, ["no", "yes"])
    baseline = Fixed(["no"] * 6, [[0.7, 0.3]] * 6, ["no", "yes"])
    return evaluate(model, baseline, labelled(EXPECTED, ("no", "yes")))


def test_binary_metrics_by_hand_speak_of_the_positive_class() -> None:
    found = figures(binary())
    assert binary().positive == "yes"
    assert found["accuracy"] == pytest.approx(4 / 6)
    assert found["precision"] == pytest.approx(1 / 2)
    assert found["recall"] == pytest.approx(1 / 2)
    assert found["f1"] == pytest.approx(1 / 2)
    assert found["balanced_accuracy"] == pytest.approx((3 / 4 + 1 / 2) / 2)
    assert found["roc_auc"] == pytest.approx(7 / 8)


def test_the_main_metric_comes_first_and_every_figure_stands_beside_the_baselines() -> None:
    found = binary()
    assert found.metrics[0].name == "log_loss"
    beside = {metric.name: metric.baseline for metric in found.metrics}
    assert beside["accuracy"] == pytest.approx(4 / 6)
    assert beside["recall"] == 0.0
    assert beside["precision"] == 0.0
    assert beside["roc_auc"] == 0.5


def test_the_confusion_matrix_counts_by_class_and_call() -> None:
    found = binary().confusion
    assert found is not None
    assert (found.labels, found.counts) == (("no", "yes"), ((3, 1), (1, 1)))


def test_with_more_classes_the_means_are_scikit_learns() -> None:
    expected, called = [0, 1, 2, 2, 1, 0, 2], [0, 2, 2, 1, 1, 0, 2]
    draw = np.random.default_rng(3).dirichlet(np.ones(3), 7)
    model = Fixed(called, draw.tolist(), [0, 1, 2])
    found = figures(evaluate(model, model, labelled(expected, (0, 1, 2))))
    for mean in ("macro", "weighted"):
        assert found[f"f1_{mean}"] == pytest.approx(reference.f1_score(expected, called, average=mean))
        assert found[f"precision_{mean}"] == pytest.approx(reference.precision_score(expected, called, average=mean))
        assert found[f"recall_{mean}"] == pytest.approx(reference.recall_score(expected, called, average=mean))
    assert found["balanced_accuracy"] == pytest.approx(reference.balanced_accuracy_score(expected, called))
    assert found["roc_auc"] == pytest.approx(reference.roc_auc_score(expected, draw, multi_class="ovr"))
    assert found["log_loss"] == pytest.approx(reference.log_loss(expected, draw))


def test_rows_of_a_single_class_have_no_roc_auc_and_it_is_said() -> None:
    model = Fixed(["no", "no"], [[0.9, 0.1]] * 2, ["no", "yes"])
    found = evaluate(model, model, labelled(["no", "no"], ("no", "yes")))
    assert "roc_auc" not in figures(found)
    assert found.notes == ("ROC-AUC is left out: all held-out rows are of one class",)


def test_held_out_rows_of_a_class_that_training_never_met_count_as_wrong() -> None:
    model = Fixed(["a", "b", "a"], [[0.9, 0.1], [0.1, 0.9], [0.9, 0.1]], ["a", "b"])
    found = figures(evaluate(model, model, labelled(["a", "b", "new"], ("a", "b"))))
    assert found["accuracy"] == pytest.approx(2 / 3)
    assert found["log_loss"] > 10


def test_regression_metrics_by_hand() -> None:
    found, notes = number_metrics(np.array([1.0, 2.0, 4.0]), np.array([1.0, 3.0, 2.0]))
    assert notes == ()
    assert found["mse"] == pytest.approx(5 / 3)
    assert found["rmse"] == pytest.approx((5 / 3) ** 0.5)
    assert found["mae"] == pytest.approx(1.0)
    assert found["r2"] == pytest.approx(1 - 5 / (14 / 3))
    assert found["mape"] == pytest.approx((0 + 1 / 2 + 2 / 4) / 3)


def test_what_the_held_out_numbers_do_not_define_is_left_out_and_said() -> None:
    found, notes = number_metrics(np.array([0.0, 0.0]), np.array([1.0, 2.0]))
    assert found.keys() == {"rmse", "mae", "mse"}
    assert notes == (
        "R² is left out: the held-out targets are all the same",
        "MAPE is left out: some held-out targets are 0",
    )
