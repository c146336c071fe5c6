"""The ladder: what is proved answers; what is wrong with a candidate is found, and told by the row that shows it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import numpy as np
import onnx
import pandas as pd
import pytest
from lightgbm import LGBMClassifier
from onnx import numpy_helper
from sklearn.compose import make_column_transformer
from sklearn.ensemble import GradientBoostingRegressor, HistGradientBoostingClassifier, VotingRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeRegressor

from carafe.errors import MissingExtra
from carafe.models.flavours.native import NativeModel
from carafe.models.golden import record_golden
from carafe.models.lowering.kernel import Linear
from carafe.models.lowering.ladder import Climbed, Maker, Original, climb
from carafe.models.lowering.lower import lower
from carafe.models.lowering.lowered import Lowered
from carafe.models.lowering.refusal import NotLowered
from carafe.models.publication import Publication, describe

Made = tuple[Lowered, Mapping[str, bytes]]
Change = Callable[[Lowered, Mapping[str, bytes]], Made]
RNG = np.random.default_rng(0)
FRAME = pd.DataFrame({"size": RNG.normal(50, 20, 300).round(1), "city": RNG.choice(["Bern", "Oslo", "Rome"], 300)})
LABELS = np.where(FRAME["size"] + 20 * (FRAME["city"] == "Rome") + RNG.normal(0, 15, 300) > 55, "yes", "no")


def cities() -> Publication:
    """Return a classifier of one number and one category."""
    columns = make_column_transformer((StandardScaler(), ["size"]), (OneHotEncoder(handle_unknown="ignore"), ["city"]))
    return published(make_pipeline(columns, LogisticRegression()).fit(FRAME, LABELS), FRAME)


def trees() -> Publication:
    """Return a boosting of two numbers."""
    table = RNG.normal(size=(200, 2))
    return published(GradientBoostingRegressor(n_estimators=5).fit(table, table[:, 0] ** 2 + table[:, 1]), table)


def notes() -> Publication:
    """Return a classifier of texts."""
    texts = [f"{word} now, {other} {word}" for word in ("Call", "quiet", "free") for other in FRAME["city"]][:300]
    return published(make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression()).fit(texts, LABELS), texts)


def published(estimator: Any, sample: Any) -> Publication:
    return describe(estimator, name="model", sample=sample, target="y", metrics={})


def climbed(publication: Publication, makers: Mapping[str, Maker] | None = None) -> Climbed:
    manifest = publication.manifest
    native = NativeModel(estimator=publication.estimator, signature=manifest.signature, container=manifest.container)
    golden = record_golden(native, publication.sample, probabilities=manifest.probabilities)
    original = Original(estimator=publication.estimator, native=native, manifest=manifest, golden=golden)
    return climb(original, publication.sample, makers=makers or {"lowered": lower})


def changed(change: Change) -> Maker:
    """Return a maker that lowers as always, and then changes what it made."""
    return lambda estimator, **known: change(*lower(estimator, **known))


def test_the_first_rung_that_is_proved_is_chosen_and_no_other_is_tried() -> None:
    def never(*_: object, **__: object) -> Made:
        raise AssertionError

    for publication in (cities(), trees(), notes()):
        found = climbed(publication, {"lowered": lower, "onnx": never})
        assert [(rung.name, rung.chosen) for rung in found.rungs] == [
            ("lowered", True),
            ("onnx", False),
            ("native", False),
        ]
        assert "plan.json" in found.files
        assert found.rungs[0].rows > len(publication.sample.columns[0])
        assert found.rungs[0].difference is not None
        assert found.rungs[0].difference < 1e-12
        assert found.rungs[1].reason == "not needed: a faster one was proved"


@pytest.mark.needs("libgomp1")
def test_whole_numbers_as_categories_are_lowered_and_any_other_string_is_an_unseen_one() -> None:
    table = pd.DataFrame({"size": FRAME["size"], "code": pd.Categorical(RNG.integers(1, 5, 300))})
    boosted = HistGradientBoostingClassifier(max_iter=5, categorical_features="from_dtype")
    for estimator in (boosted, LGBMClassifier(n_estimators=5, verbose=-1)):
        publication = published(estimator.fit(table, LABELS), table)
        assert publication.manifest.signature.columns[1].categories == (1, 2, 3, 4)
        assert climbed(publication).rungs[0].reason == "it answers every row as the native model does"


# --- a plan or a graph in which one thing is wrong ---


def in_kernel(lowered: Lowered, files: Mapping[str, bytes], index: int, by: float) -> Made:
    """Change one weight of a linear kernel."""
    kernel = lowered.kernel
    assert isinstance(kernel, Linear)
    row = list(kernel.weights[0])
    row[index] += by
    return msgspec.structs.replace(lowered, kernel=msgspec.structs.replace(kernel, weights=(tuple(row),))), files


def in_plan(lowered: Lowered, files: Mapping[str, bytes], old: bytes, new: bytes) -> Made:
    """Change a piece of the plan's JSON."""
    content = msgspec.json.encode(lowered)
    assert old in content, content
    return msgspec.json.decode(content.replace(old, new, 1), type=Lowered), files


def in_graph(lowered: Lowered, files: Mapping[str, bytes], name: str, place: int) -> Made:
    """Change one number of the trees in a graph by a thousandth."""
    model = onnx.load_from_string(files["model.onnx"])
    attributes = [each for node in model.graph.node for each in node.attribute if each.name == name]
    tensor = attributes[0].t
    numbers = numpy_helper.to_array(tensor).copy()
    numbers[place] += 1e-3
    tensor.CopyFrom(numpy_helper.from_array(numbers, tensor.name))
    return lowered, {**files, "model.onnx": model.SerializeToString()}


def swapped(lowered: Lowered, files: Mapping[str, bytes]) -> Made:
    """Swap the two classes: the same border, seen from the other side."""
    kernel = lowered.kernel
    assert isinstance(kernel, Linear)
    turned = Linear(
        weights=tuple(tuple(-weight for weight in row) for row in kernel.weights),
        intercepts=tuple(-each for each in kernel.intercepts),
    )
    return msgspec.structs.replace(lowered, kernel=turned), files


MUTATIONS: dict[str, tuple[Callable[[], Publication], Change, str]] = {
    "a weight": (
        cities,
        lambda plan, files: in_kernel(plan, files, 0, 1e-6),
        "^row 0 of those given, in bulk: answer",
    ),
    "a weight of a category": (
        cities,
        lambda plan, files: in_kernel(plan, files, 3, 1e-6),
        "^row .*, in bulk: answers",
    ),
    "a category's name": (cities, lambda plan, files: in_plan(plan, files, b'"Oslo"', b'"Olso"'), "^row .*: answers "),
    "what is refused": (
        cities,
        lambda plan, files: in_plan(plan, files, b'"type":"one-hot"', b'"type":"one-hot","refused":[4]'),
        r"^edge row \d+ \(city = .*refuses it \(invalid-input\), the native model answers ",
    ),
    "a word": (notes, lambda plan, files: in_plan(plan, files, b'"call"', b'"cull"'), "^row .*, in bulk: answers "),
    "how letters are lowered": (
        notes,
        lambda plan, files: in_plan(plan, files, b'"lowercase":true', b'"lowercase":false'),
        "^row .*, in bulk: answers ",
    ),
    "which marks are taken off": (
        notes,
        lambda plan, files: in_plan(plan, files, b'"lowercase":true', b'"lowercase":true,"accents":"unicode"'),
        "^edge row .*: answers ",
    ),
    "the two classes": (
        cities,
        swapped,
        '^row 0 of those given, in bulk: answers "(yes|no)" with .*, the native model answers ',
    ),
    "a threshold": (
        trees,
        lambda plan, files: in_graph(plan, files, "nodes_splits", 1),
        r"row \d+ \(x\d = .*\), in bulk: answers .*, the native model answers ",
    ),
    "a leaf": (
        trees,
        lambda plan, files: in_graph(plan, files, "leaf_weights", 5),
        "^row .*, in bulk: answers .*, the native model answers ",
    ),
}


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_a_candidate_in_which_one_thing_is_wrong_is_refused_by_the_first_row_that_differs(mutation: str) -> None:
    publish, change, words = MUTATIONS[mutation]
    found = climbed(publish(), {"wrong": changed(change), "lowered": lower})
    wrong, right, native = found.rungs
    assert (wrong.chosen, right.chosen, native.chosen) == (False, True, False)
    assert re.search(words, wrong.reason), wrong.reason
    assert wrong.rows == right.rows > 0


# --- whatever else may happen on the way ---


def test_what_can_not_be_lowered_runs_natively_and_says_why() -> None:
    rounded = make_pipeline(FunctionTransformer(np.round, feature_names_out="one-to-one"), LogisticRegression())
    table = RNG.normal(size=(60, 2))
    found = climbed(published(rounded.fit(table, table[:, 0] > 0), table))
    assert [(rung.name, rung.chosen) for rung in found.rungs] == [("lowered", False), ("native", True)]
    assert "FunctionTransformer" in found.rungs[0].reason
    assert found.rungs[1].reason == "scikit-learn's own LogisticRegression answers"
    assert found.files == {}


@pytest.mark.parametrize("error", [RuntimeError("a bug\nof a converter " + "x" * 500), RecursionError(), KeyError("W")])
def test_whatever_a_converter_raises_the_next_rung_is_tried(error: Exception) -> None:
    def broken(*_: object, **__: object) -> Made:
        raise error

    found = climbed(trees(), {"broken": broken, "lowered": lower})
    assert [rung.chosen for rung in found.rungs] == [False, True, False]
    reason = found.rungs[0].reason
    assert reason.startswith(f"it can't be made ({type(error).__name__}: ")
    assert len(reason) <= 300
    assert "\n" not in reason


def test_a_reason_of_the_lowering_is_told_as_it_is() -> None:
    def refuse(*_: object, **__: object) -> Made:
        raise NotLowered("Words is no step that Carafe lowers")

    assert climbed(trees(), {"lowered": refuse}).rungs[0].reason == "Words is no step that Carafe lowers"


def test_a_stack_with_neighbours_in_it_is_said_not_to_be_lowered() -> None:
    table = RNG.normal(size=(80, 2))
    stack = VotingRegressor([("near", KNeighborsRegressor()), ("trees", DecisionTreeRegressor(max_depth=2))])
    made = climbed(published(stack.fit(table, table[:, 0]), table)).rungs[0].reason
    reason = "VotingRegressor has no exact kernel, and in ONNX VotingRegressor, or what is in it, repeats"
    assert made == f"{reason} (Scan): it is not lowered"


def test_other_peoples_words_are_cut_behind_a_word_and_lose_their_links() -> None:
    def broken(*_: object, **__: object) -> Made:
        raise RuntimeError("see https://example.org/issues and " + "lengthy " * 60)

    reason = climbed(trees(), {"broken": broken}).rungs[0].reason
    assert re.fullmatch(r"it can't be made \(RuntimeError: see and (lengthy ?)+\.\.\.", reason)
    assert len(reason) <= 300


@pytest.mark.needs("libgomp1")
def test_the_native_rung_names_the_library_that_answers() -> None:
    fitted = LGBMClassifier(n_estimators=2, verbose=-1).fit(FRAME[["size"]], LABELS)
    ladder = published(fitted, FRAME[["size"]]).manifest.ladder
    assert ladder[0].reason == "LightGBM's own LGBMClassifier answers"


def test_a_graph_that_carafe_never_writes_is_no_candidate() -> None:
    def looped(lowered: Lowered, files: Mapping[str, bytes]) -> Made:
        model = onnx.load_from_string(files["model.onnx"])
        model.graph.node.add(op_type="Loop", domain="")
        return lowered, {**files, "model.onnx": model.SerializeToString()}

    assert "an operator Loop" in climbed(trees(), {"lowered": changed(looped)}).rungs[0].reason


def test_a_missing_library_stops_the_publication() -> None:
    def absent(*_: object, **__: object) -> Made:
        raise MissingExtra("this model needs lightgbm")

    with pytest.raises(MissingExtra):
        climbed(trees(), {"lowered": absent})
