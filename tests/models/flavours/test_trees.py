from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import skops.io
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    RandomForestRegressor,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

from carafe.errors import CorruptArtefact
from carafe.models.flavours.trees import check_stages, check_trees

RNG = np.random.default_rng(0)
TABLE = np.column_stack([RNG.normal(size=(80, 2)), RNG.integers(0, 5, size=80)])
NUMBERS = TABLE @ [1.0, 2.0, 0.5]


def tree_with(change: Callable[[Any], None]) -> Any:
    """Return a fitted tree whose stored nodes were changed."""
    estimator = DecisionTreeRegressor(max_depth=4, random_state=0).fit(TABLE, NUMBERS)
    state = estimator.tree_.__getstate__()
    state["nodes"] = state["nodes"].copy()
    change(state["nodes"])
    estimator.tree_.__setstate__(state)
    return estimator


def boosting() -> Any:
    model = HistGradientBoostingClassifier(max_iter=3, categorical_features=[2], min_samples_leaf=2)
    return model.fit(TABLE, NUMBERS > 0)


def predictor_with(change: Callable[[Any], None]) -> Any:
    """Return a fitted boosting model whose first tree's nodes were changed."""
    estimator = boosting()
    first = estimator._predictors[0][0]  # noqa: SLF001 - no public name
    first.nodes = first.nodes.copy()
    change(first.nodes)
    return estimator


def setter(field: str, value: int, node: int = 0) -> Callable[[Any], None]:
    def change(nodes: Any) -> None:
        nodes[field][node] = value

    return change


def test_trees_as_they_were_fitted_are_sound() -> None:
    check_trees(boosting())
    check_trees(make_pipeline(StandardScaler(), RandomForestRegressor(3)).fit(TABLE, NUMBERS))


@pytest.mark.parametrize("child", [0, -2, 10_000, 2**40])
@pytest.mark.parametrize("field", ["left_child", "right_child"])
def test_a_child_outside_the_tree_or_a_circle_is_refused(field: str, child: int) -> None:
    with pytest.raises(CorruptArtefact, match="a child that does not exist or stands before its parent"):
        check_trees(tree_with(setter(field, child)))


@pytest.mark.parametrize("feature", [-1, 3, 2**40])
def test_a_feature_that_does_not_exist_is_refused(feature: int) -> None:
    with pytest.raises(CorruptArtefact, match="a feature that does not exist"):
        check_trees(tree_with(setter("feature", feature)))


def test_a_node_with_one_child_is_refused() -> None:
    with pytest.raises(CorruptArtefact, match=r"a node with one child|a child that does not exist"):
        check_trees(tree_with(setter("left_child", -1)))


@pytest.mark.parametrize("field", ["left", "right"])
def test_a_child_outside_a_boosting_tree_is_refused(field: str) -> None:
    for child in (0, 9999):
        with pytest.raises(CorruptArtefact, match="a child that does not exist"):
            check_trees(predictor_with(setter(field, child)))


def test_a_set_of_categories_outside_a_boosting_tree_is_refused() -> None:
    def change(nodes: Any) -> None:
        nodes["is_categorical"][0] = 1
        nodes["bitset_idx"][0] = 9999

    with pytest.raises(CorruptArtefact, match="a set of categories that does not exist"):
        check_trees(predictor_with(change))


def test_a_feature_outside_a_boosting_model_is_refused() -> None:
    with pytest.raises(CorruptArtefact, match="a feature that does not exist"):
        check_trees(predictor_with(setter("feature_idx", 3)))


def test_a_crafted_tree_inside_a_pipeline_is_found_after_a_round_trip() -> None:
    bad = make_pipeline(StandardScaler()).fit(TABLE)
    bad.steps.append(("tree", tree_with(setter("left_child", 10_000))))
    again = skops.io.loads(skops.io.dumps(bad), trusted=["sklearn.tree._tree.Tree"])
    with pytest.raises(CorruptArtefact, match="a child that does not exist"):
        check_trees(again)


@settings(max_examples=100, deadline=None)
@given(
    field=st.sampled_from(["left_child", "right_child", "feature"]),
    node=st.integers(0, 4),
    value=st.integers(-(2**62), 2**62),
)
def test_whatever_passes_can_be_asked(field: str, node: int, value: int) -> None:
    estimator = tree_with(setter(field, value, node))
    try:
        check_trees(estimator)
    except CorruptArtefact:
        return
    assert np.isfinite(estimator.predict(TABLE)).all()


def test_a_tree_for_more_columns_than_its_owner_checks_is_refused() -> None:
    forest = RandomForestRegressor(3).fit(TABLE, NUMBERS)
    forest.estimators_[1] = DecisionTreeRegressor().fit(np.column_stack([TABLE, TABLE]), NUMBERS)
    with pytest.raises(CorruptArtefact, match="a tree for another number of features"):
        check_trees(forest)
    tree = DecisionTreeRegressor().fit(np.column_stack([TABLE, TABLE]), NUMBERS)
    tree.n_features_in_ = 3
    with pytest.raises(CorruptArtefact, match="a tree for another number of features"):
        check_trees(tree)


@pytest.mark.parametrize("init", ["zero", None, DecisionTreeRegressor(max_depth=1)])
def test_a_boosting_model_with_more_trees_a_stage_than_sums_is_refused(init: Any) -> None:
    model = GradientBoostingRegressor(n_estimators=3, init=init).fit(TABLE, NUMBERS)
    check_stages(model)
    model.estimators_ = np.column_stack([model.estimators_] * 50)
    with pytest.raises(CorruptArtefact, match="holds stages of another number of trees than sums"):
        check_stages(model)


@pytest.mark.parametrize("classes", [2, 3])
def test_a_boosting_model_of_classes_has_a_sum_for_each(classes: int) -> None:
    model = GradientBoostingClassifier(n_estimators=3).fit(TABLE, np.arange(len(TABLE)) % classes)
    check_stages(model)
    model.estimators_ = model.estimators_[:, :1].repeat(2, axis=1)
    with pytest.raises(CorruptArtefact, match="holds stages of another number of trees than sums"):
        check_stages(model)
