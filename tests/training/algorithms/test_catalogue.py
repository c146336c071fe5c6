from __future__ import annotations

import numpy as np
import pytest

from carafe.errors import InvalidRecipe, MissingExtra, TrainingFailed
from carafe.models.artefact import load_model
from carafe.registry import memory_registry
from carafe.schema import Task
from carafe.training.algorithms import trees
from carafe.training.algorithms.algorithm import Setting
from carafe.training.algorithms.catalogue import ALGORITHMS, build_estimator, find_algorithm, resolve_parameters
from carafe.training.auto.portfolio import portfolio
from carafe.training.publication import publish_result
from carafe.training.result import TrainingResult
from carafe.training.run import train
from conftest import need
from small_tables import flats, recipe

TARGETS = {Task.CLASSIFICATION: "let", Task.REGRESSION: "rent"}
SERVED = [(name, task) for name, found in ALGORITHMS.items() for task in Task if found.variant(task) is not None]
REFUSED = [(name, task) for name, found in ALGORITHMS.items() for task in Task if found.variant(task) is None]
SETTING = Setting(task=Task.CLASSIFICATION, seed=1, rows=100, smallest_class=30)


def answers(result: TrainingResult) -> list[object]:
    """Return the published model's answers to the held-out rows, as labels or numbers."""
    registry = memory_registry()
    version = publish_result(result, name="flats", registry=registry)
    model = load_model(registry.fetch(version))
    values = model.predict(result.holdout.data.rows).values
    classes = result.signature.target.classes
    return [classes[index] for index in values] if classes else values.tolist()


@pytest.mark.parametrize(("name", "task"), SERVED)
def test_an_algorithm_learns_is_stored_and_answers_the_same_once_loaded(name: str, task: Task) -> None:
    if name == "lightgbm":
        need("libgomp1")
    result = train(flats(), recipe=recipe(TARGETS[task], name))
    held = result.holdout.data
    expected = result.estimator.predict(held.frame()).tolist()
    assert answers(result) == (expected if task is Task.CLASSIFICATION else pytest.approx(expected, rel=1e-9))
    main = result.metrics[0]
    assert main.baseline is not None
    assert name == "baseline" or main.value < main.baseline


@pytest.mark.parametrize(("name", "task"), REFUSED)
def test_an_algorithm_that_does_not_serve_the_task_names_one_that_does(name: str, task: Task) -> None:
    with pytest.raises(InvalidRecipe, match=f"{name!r} does not serve a {task}; use '") as error:
        find_algorithm(name, task)
    instead = str(error.value).partition("use '")[2].partition("'")[0]
    assert find_algorithm(instead, task).variant(task) is not None


def test_an_unknown_algorithm_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(InvalidRecipe, match=r"got 'forrest', expected one of auto, .* did you mean 'forest'"):
        train(flats(), recipe=recipe("rent", "forrest"))


def test_an_unknown_parameter_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(InvalidRecipe, match="forest has no parameter 'n_estimator'; did you mean 'n_estimators'"):
        train(flats(), recipe=recipe("rent", "forest", n_estimator=10))


def test_parameters_of_auto_are_refused() -> None:
    with pytest.raises(InvalidRecipe, match="got n_estimators with algorithm = 'auto'; name the algorithm"):
        train(flats(), recipe=recipe("rent", "auto", n_estimators=10))


def test_the_seed_and_the_number_of_cores_are_no_parameters() -> None:
    for name in ("random_state", "n_jobs"):
        with pytest.raises(InvalidRecipe, match=f"no parameter '{name}'"):
            resolve_parameters("forest", {name: 1}, SETTING)


def test_a_parameter_out_of_range_fails_in_the_librarys_words() -> None:
    with pytest.raises(
        TrainingFailed, match=r"forest failed on these rows: The 'n_estimators' parameter .* change model"
    ):
        train(flats(), recipe=recipe("rent", "forest", n_estimators=-1))


@pytest.mark.parametrize("criterion", ["gini", "entropy"])
def test_a_tree_splits_by_the_criterion_that_is_asked_for(criterion: str) -> None:
    result = train(flats(), recipe=recipe("let", "tree", criterion=criterion))
    assert result.estimator["model"].criterion == criterion
    assert result.recipe.model.params["criterion"] == criterion


def test_the_layers_of_a_network_are_a_list() -> None:
    result = train(flats(), recipe=recipe("let", "mlp", hidden_layer_sizes=[8, 4]))
    assert [weights.shape[1] for weights in result.estimator["model"].coefs_] == [8, 4, 1]


def test_a_named_penalty_replaces_the_search_for_one() -> None:
    searched = build_estimator("lasso", {}, Setting(task=Task.REGRESSION, seed=1, rows=100))
    named = build_estimator("lasso", {"alpha": 0.5}, Setting(task=Task.REGRESSION, seed=1, rows=100))
    assert (type(searched.regressor).__name__, type(named.regressor).__name__) == ("LassoCV", "Lasso")


def test_what_has_not_converged_is_noted() -> None:
    result = train(flats(), recipe=recipe("let", "mlp", max_iter=2))
    assert "mlp had not converged when it reached its limit of iterations: raise max_iter" in result.notes


def without_gomp(name: str) -> object:
    raise OSError(f"libgomp.so.1: cannot open shared object file ({name})")


def test_without_its_system_library_lightgbm_says_so_and_auto_does_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trees, "import_module", without_gomp)
    with pytest.raises(MissingExtra, match=r"can't be loaded .*libgomp1, or choose 'boosting'"):
        train(flats(), recipe=recipe("rent", "lightgbm"))
    compared = portfolio(SETTING)
    assert "boosting" in [entry.algorithm for entry in compared.candidates]
    assert "lightgbm" not in [entry.algorithm for entry in compared.candidates]
    assert "auto compares boosting in the place of lightgbm: lightgbm can't be loaded" in compared.notes[0]


def test_a_class_with_one_row_is_too_few_for_svm() -> None:
    frame = flats().with_columns(let=np.array(["once", *flats()["let"].to_list()[1:]]))
    with pytest.raises(Exception, match="svm needs at least 2 rows of each class") as error:
        train(frame, recipe=recipe("let", "svm", seed=0))
    assert type(error.value).__name__ == "UntrainableTable"
