from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.datasets import load_iris
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeClassifier

import carafe
from carafe.errors import InvalidName, InvalidParameter, ModelNotFound, UnsupportedModel

TABLE = np.random.default_rng(0).normal(size=(30, 3))
LINE = LinearRegression().fit(TABLE, TABLE @ [1.0, 2.0, 3.0])


def test_the_first_version_is_champion_and_the_next_one_waits(home: Path) -> None:
    del home
    first = carafe.publish(LINE, "line", sample=TABLE)
    second = carafe.publish(LINE, "line", sample=TABLE)
    assert (str(first), first.aliases) == ("line@1", ("champion",))
    assert (str(second), second.aliases) == ("line@2", ())
    assert carafe.load("line").version.number == 1


def test_nothing_of_the_home_stays_open(home: Path) -> None:
    carafe.publish(LINE, "line", sample=TABLE, home=home)
    model = carafe.load("line", home=home)
    held = [entry.readlink() for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink()]
    assert not [path for path in held if path.is_relative_to(home)]
    assert model.predict(TABLE).shape == (30,)


def test_a_later_version_becomes_champion_when_asked(home: Path) -> None:
    carafe.publish(LINE, "line", sample=TABLE, home=home)
    carafe.publish(LINE, "line", sample=TABLE, home=home, promote="always")
    assert carafe.load("line", home=home).version.number == 2


def test_metrics_and_target_are_in_the_manifest(home: Path) -> None:
    version = carafe.publish(LINE, "line", sample=TABLE, target="height", metrics={"r2": 0.9}, home=home)
    assert version.manifest.signature.target.name == "height"
    assert [(metric.name, metric.value) for metric in version.manifest.metrics] == [("r2", 0.9)]


def test_an_unknown_promotion_is_told_what_is_allowed(home: Path) -> None:
    told = r'promote: got "yes", expected one of "first-only", "always", "if-better"'
    with pytest.raises(InvalidParameter, match=told):
        carafe.publish(LINE, "line", sample=TABLE, promote="yes", home=home)
    assert not home.exists()


@pytest.mark.parametrize("value", ["good", "0.9", None, [0.9, 0.8], float("nan"), float("inf"), 10**400])
def test_a_metric_that_is_no_finite_number_is_named(home: Path, value: object) -> None:
    metrics: dict[str, Any] = {"a": value}
    with pytest.raises(InvalidParameter, match=r'metrics: got .* for "a", expected a finite number by its name'):
        carafe.publish(LINE, "line", sample=TABLE, metrics=metrics, home=home)
    assert not home.exists()


def test_metrics_need_names(home: Path) -> None:
    wrong: Any = [0.9]
    with pytest.raises(InvalidParameter, match="expected numbers by name"):
        carafe.publish(LINE, "line", sample=TABLE, metrics=wrong, home=home)


def test_a_metric_may_be_a_number_of_numpy(home: Path) -> None:
    metrics: dict[str, Any] = {"r2": np.float32(0.5)}
    version = carafe.publish(LINE, "line", sample=TABLE, metrics=metrics, home=home)
    assert version.manifest.metrics[0].value == 0.5


def test_the_iris_tutorial_answers_a_flat_list_of_four_numbers(home: Path) -> None:
    iris = load_iris(as_frame=True)
    tree = DecisionTreeClassifier(random_state=0).fit(iris.data, iris.target_names[iris.target])
    carafe.publish(tree, "iris", sample=iris.data, home=home)
    assert carafe.load("iris", home=home).predict([5.1, 3.5, 1.4, 0.2]).tolist() == ["setosa"]


def test_a_model_that_can_not_be_published_leaves_no_trace(home: Path) -> None:
    with pytest.raises(UnsupportedModel, match="KMeans"):
        carafe.publish(KMeans(2, n_init=1).fit(TABLE), "groups", sample=TABLE, home=home)
    assert not home.exists()
    with pytest.raises(ModelNotFound):
        carafe.load("groups", home=home)


def test_a_name_is_checked_before_anything_else(home: Path) -> None:
    with pytest.raises(InvalidName, match="'My Model' is no model name"):
        carafe.publish(object(), "My Model", sample=pd.DataFrame(), home=home)
    assert not home.exists()


def test_whole_numbers_beside_missing_values_are_asked_with_the_frame_they_were_learnt_from(home: Path) -> None:
    del home
    frame = pd.DataFrame({"zone": [1.0, 2.0, np.nan, 3.0] * 5})
    target = np.array([1.0, 2.0, 3.0, 4.0] * 5)
    estimator = make_pipeline(OneHotEncoder(), LinearRegression()).fit(frame, target)
    carafe.publish(estimator, name="zones", sample=frame, target="y")
    answers = carafe.load("zones").predict(frame)
    np.testing.assert_allclose(np.asarray(answers, dtype=float), target)
