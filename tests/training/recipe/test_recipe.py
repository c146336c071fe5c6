from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carafe.errors import InvalidRecipe
from carafe.models.steps import DatePart, OutlierMethod
from carafe.schema import Kind, Task
from carafe.training.recipe import (
    Bins,
    Clean,
    ColumnRecipe,
    Data,
    Duplicates,
    Elapsed,
    Encode,
    Features,
    Missing,
    ModelChoice,
    Outliers,
    Product,
    Ratio,
    ReadOptions,
    Recipe,
    Scale,
    Split,
    SplitMethod,
    Sum,
    Text,
)
from conftest import ROOT

HEAD = '[data]\ntarget = "price"\n'

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
floats = st.floats(allow_nan=False, allow_infinity=False)


def column(name: str, drawn: st.DrawFn) -> ColumnRecipe:
    kind = drawn(st.sampled_from([None, *Kind]))
    base: dict[str, Any] = {"name": name, "use": drawn(st.booleans()), "reason": drawn(words), "kind": kind}
    if kind in {Kind.NUMBER, Kind.INTEGER}:
        missing = drawn(st.sampled_from(Missing))
        base |= {
            "missing": missing,
            "fill": drawn(floats) if missing is Missing.CONSTANT else None,
            "missing_values": tuple(drawn(st.lists(floats, max_size=2))),
            "outliers": drawn(st.sampled_from(Outliers)),
            "outlier_method": drawn(st.sampled_from(OutlierMethod)),
            "outlier_factor": drawn(st.none() | st.floats(0.1, 5)),
            "scale": drawn(st.sampled_from(Scale)),
            "bins": drawn(st.sampled_from([None, Bins(quantiles=4), Bins(edges=(0, 1.5), labels=("a",), keep=True)])),
        }
    elif kind is Kind.CATEGORY:
        base |= {"encode": drawn(st.sampled_from(Encode)), "missing_values": tuple(drawn(st.lists(words, max_size=2)))}
    elif kind is Kind.DATETIME:
        base |= {"dates": drawn(st.none() | st.lists(st.sampled_from(DatePart), min_size=1).map(tuple))}
    elif kind is Kind.TEXT:
        base |= {"text": drawn(st.sampled_from([None, Text(), Text(words=(1, 3), minimum_rows=2)]))}
    return ColumnRecipe(**base)


@st.composite
def recipes(draw: st.DrawFn) -> Recipe:
    names = draw(st.lists(words, unique=True, max_size=4))
    target = draw(words.filter(lambda name: name not in names and name not in {"a", "b"}))
    return Recipe(
        data=Data(
            target=target,
            source=draw(words),
            task=draw(st.sampled_from([None, *Task])),
            name=draw(words),
            read=ReadOptions(delimiter=draw(st.sampled_from([None, ";", "\t"])), query=draw(st.none() | words)),
        ),
        split=Split(
            method=draw(st.sampled_from(SplitMethod)),
            test_size=draw(st.floats(0.01, 0.99)),
            seed=draw(st.integers(0, 2**32 - 1)),
            column=draw(words),
            folds=draw(st.integers(2, 20)),
        ),
        model=ModelChoice(
            algorithm=draw(words),
            time_budget=draw(st.floats(0.1, 1e9)),
            params=draw(
                st.dictionaries(
                    words,
                    st.booleans() | st.integers(-9, 9) | floats | words | st.lists(st.integers(1, 99)),
                    max_size=3,
                )
            ),
        ),
        columns=tuple(column(name, draw) for name in names),
        features=draw(
            st.sampled_from(
                [
                    Features(),
                    Features(
                        ratios=(Ratio(name="r", numerator="a", denominator="b"),),
                        products=(Product(name="p", factors=("a", "b", "a")),),
                        sums=(Sum(name="s", terms=("a", "b")),),
                        elapsed=(Elapsed(name="e", start="a", end="b"),),
                    ),
                ]
            )
        ),
    )


@given(recipes())
def test_a_recipe_that_was_written_reads_as_it_was(recipe: Recipe) -> None:
    notes = {column.name: f"a note\nof two lines about {column.name}" for column in recipe.columns}
    assert Recipe.from_toml(recipe.to_toml()) == recipe
    assert Recipe.from_toml(recipe.to_toml(notes=notes)) == recipe


def test_what_is_not_written_has_its_default() -> None:
    assert Recipe.from_toml(HEAD) == Recipe(data=Data(target="price"))


def test_a_whole_recipe_as_a_person_writes_it() -> None:
    recipe = Recipe.from_toml(
        """
        format = 1
        [data]
        source = "people.csv"
        target = "ill"
        task = "classification"
        read = { delimiter = ";" }
        [clean]
        duplicates = "drop"
        [split]
        method = "group"
        column = "family"
        [model]
        algorithm = "mlp"
        params = { hidden_layer_sizes = [20, 10], alpha = 0.1 }
        [columns.pressure]
        missing_values = [0]
        missing = "median"
        outliers = "clip"
        outlier_method = "z-score"
        [columns."age in years"]
        bins = { edges = [0, 18, 30, 60, 100], labels = ["child", "young", "adult", "old"] }
        [columns.family]
        use = false
        [[features.ratios]]
        name = "bmi"
        numerator = "weight"
        denominator = "height"
        """
    )
    assert recipe.data.read == ReadOptions(delimiter=";")
    assert recipe.clean.duplicates is Duplicates.DROP
    assert recipe.split.column == "family"
    assert recipe.model.params == {"hidden_layer_sizes": [20, 10], "alpha": 0.1}
    assert recipe.column("pressure").missing_values == (0.0,)
    assert recipe.column("pressure").outlier_method is OutlierMethod.Z_SCORE
    assert recipe.column("age in years").bins == Bins(
        edges=(0, 18, 30, 60, 100), labels=("child", "young", "adult", "old")
    )
    assert not recipe.column("family").use
    assert recipe.features.ratios == (Ratio(name="bmi", numerator="weight", denominator="height"),)


def test_a_column_that_is_not_named_has_all_defaults() -> None:
    assert Recipe.from_toml(HEAD).column("area") == ColumnRecipe(name="area")


def test_a_record_must_have_what_is_used_and_what_features_are_made_from() -> None:
    recipe = Recipe(
        data=Data(target="y"),
        columns=tuple(ColumnRecipe(name=name, use=name == "a") for name in "abcd"),
        features=Features(ratios=(Ratio(name="r", numerator="c", denominator="a"),)),
    )
    assert recipe.used == ("a", "c")


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("[data", "the recipe is not valid TOML: Expected ']'"),
        ('[data]\nsource = "a.csv"', "data.target: nothing came, expected a string"),
        ("", "data: nothing came, expected a table"),
        ("data = 1", "data: got 1, expected a table [data]"),
        ("[data]\ntarget = 1", "data.target: got 1, expected a string"),
        (HEAD + "[splt]", "splt: there is no such key; did you mean split? allowed: format, data, clean, split"),
        (HEAD + "[split]\ntest_sise = 0.3", "split.test_sise: there is no such key; did you mean test_size?"),
        (HEAD + '[split]\nmethod = "stratify"', 'split.method: got "stratify"; did you mean stratified?'),
        (HEAD + "[split]\nmethod = 3", "split.method: got 3; allowed: auto, random, stratified, group, time"),
        (HEAD + '[split]\nseed = "42"', 'split.seed: got "42", expected a whole number'),
        (HEAD + "[split]\nseed = true", "split.seed: got true, expected a whole number"),
        (HEAD + "[split]\nseed = -1", "split.seed: got -1, expected a whole number from 0 to"),
        (HEAD + "[split]\ntest_size = 20", "split.test_size: got 20.0, expected a share between 0 and 1"),
        (HEAD + "[split]\nfolds = 1", "split.folds: got 1, expected 2 or more"),
        (HEAD + '[split]\nmethod = "time"', 'split.column: nothing came, and method = "time" needs the name'),
        (HEAD + "[model]\ntime_budget = 0", "model.time_budget: got 0.0, expected a number of seconds above 0"),
        (HEAD + "[model.params]\nalpha = {}", "model.params.alpha: got a table, expected true or false or a whole"),
        (HEAD + "[clean]\noutlier_share = 1", "clean.outlier_share: got 1.0, expected a share from 0 to 0.5"),
        ("format = 2\n" + HEAD, "format: got 2, expected 1; a newer Carafe may read this recipe"),
        ("columns = []\n" + HEAD, "columns: got a list, expected a table [columns.NAME] for each column"),
        ("columns = { age = 1 }\n" + HEAD, "columns.age: got 1, expected a table [columns.age]"),
        (HEAD + '[columns.age]\nname = "x"', "columns.age.name: the name stands in [columns.age] already"),
        (HEAD + '[columns.age]\nmising = "drop"', "columns.age.mising: there is no such key; did you mean missing?"),
        (HEAD + '[columns.age]\nmissing = "avg"', 'columns.age.missing: got "avg"; allowed: auto, drop, constant'),
        (HEAD + '[columns.age]\nmissing = "medain"', 'columns.age.missing: got "medain"; did you mean median?'),
        (HEAD + '[columns.age]\nuse = "no"', 'columns.age.use: got "no", expected true or false'),
        (HEAD + "[columns.age]\nmissing_values = 0", "columns.age.missing_values: got 0, expected a list"),
        (HEAD + "[columns.age]\nmissing_values = [true]", "columns.age.missing_values[0]: got true, expected a number"),
        (HEAD + "[columns.age]\nfill = 0", 'columns.age: missing = "constant" and fill = VALUE belong together'),
        (HEAD + '[columns.age]\nmissing = "constant"', 'columns.age: missing = "constant" and fill = VALUE belong'),
        (
            HEAD + "[columns.age]\noutlier_factor = -1",
            "columns.age.outlier_factor: got -1.0, expected a number above 0",
        ),
        (
            HEAD + "[columns.age]\nbins = {}",
            "columns.age.bins: expected either edges, such as [0, 18, 30, 60, 100], or",
        ),
        (
            HEAD + "[columns.age]\nbins = { quantiles = 1 }",
            "columns.age.bins.quantiles: got 1, expected a whole number",
        ),
        (
            HEAD + "[columns.age]\nbins = { edges = [3, 1] }",
            "columns.age.bins.edges: got [3.0, 1.0], expected two or more",
        ),
        (
            HEAD + '[columns.age]\nbins = { edges = [0, 1, 2], labels = ["a"] }',
            "columns.age.bins.labels: got ['a'], expected 2 different labels, one a bin",
        ),
        (
            HEAD + '[columns.age]\nbins = { quantiles = 2 }\nencode = "target"',
            'columns.age.encode: got "target", expected "one-hot" or "ordinal" for bins',
        ),
        (HEAD + "[columns.at]\ndates = []", "columns.at.dates: got an empty list, expected at least one part"),
        (HEAD + '[columns.at]\ndates = ["mont"]', 'columns.at.dates[0]: got "mont"; did you mean month?'),
        (HEAD + "[columns.note]\ntext = { words = [1] }", "columns.note.text.words: got 1 values, expected 2"),
        (
            HEAD + "[columns.note]\ntext = { words = [2, 1] }",
            "columns.note.text.words: got [2, 1], expected [shortest,",
        ),
        (HEAD + "[columns.note]\ntext = { minimum_rows = 0 }", "columns.note.text.minimum_rows: got 0, expected 1 or"),
        (
            HEAD + "[columns.note]\ntext = { maximum_features = 0 }",
            "columns.note.text.maximum_features: got 0, expected",
        ),
        (HEAD + "[columns.price]", "columns.price: this is the target, which is no feature; take the column out"),
        (
            HEAD + '[columns.zone]\nkind = "category"\nmissing = "mean"',
            "columns.zone.missing: this suits a column of kind number or integer or boolean or datetime, not category",
        ),
        (
            HEAD + '[columns.note]\nkind = "text"\nmissing = "constant"\nfill = "x"',
            "columns.note.missing: this suits a column of kind number or integer or boolean or category or datetime",
        ),
        (
            HEAD + '[columns.age]\nkind = "number"\nmissing_values = ["-"]',
            "columns.age: fill and missing_values must be numbers in a column of kind number",
        ),
        (
            HEAD + '[columns.age]\nkind = "number"\nencode = "one-hot"',
            "columns.age.encode: this suits a column of kind category, not number",
        ),
        (
            HEAD + '[[features.ratios]]\nname = "r"\nnumerator = "price"\ndenominator = "area"',
            "features: column 'price' is the target; a feature made from it would give it away",
        ),
        (
            HEAD + '[[features.sums]]\nname = "s"\nterms = ["a"]',
            "features.sums: 's' names one column or none, expected two or more",
        ),
        (
            HEAD
            + '[[features.sums]]\nname = "s"\nterms = ["a", "b"]\n'
            + '[[features.products]]\nname = "s"\nfactors = ["a", "b"]',
            "features: 2 features are called 's', expected different names",
        ),
        (HEAD + '[[features.ratios]]\nname = "r"', "features.ratios[0].numerator: nothing came, expected a string"),
    ],
)
def test_what_is_wrong_is_said_by_key(toml: str, message: str) -> None:
    with pytest.raises(InvalidRecipe) as caught:
        Recipe.from_toml(toml)
    assert message in str(caught.value)


def test_a_recipe_made_in_python_is_held_to_the_same_rules() -> None:
    with pytest.raises(InvalidRecipe, match=r"columns\.a: named 2 times, expected once"):
        Recipe(data=Data(target="y"), columns=(ColumnRecipe(name="a"), ColumnRecipe(name="a")))


def test_rules_about_a_kind_wait_until_the_column_is_used() -> None:
    Recipe(data=Data(target="y"), columns=(ColumnRecipe(name="a", use=False, kind=Kind.TEXT, scale=Scale.ROBUST),))


def test_nesting_beyond_reason_is_refused() -> None:
    with pytest.raises(InvalidRecipe, match="not valid TOML"):
        Recipe.from_toml("a = " + "[" * 100_000)


@pytest.mark.parametrize(
    ("url", "written"),
    [
        ("sqlite:///shop.db", "sqlite:///shop.db"),
        ("postgresql://ann:s3cret@db/shop", "postgresql://ann@db/shop"),
        ("postgresql://ann:s3@cret@db/shop?password=s3cret", "postgresql://ann@db/shop"),
        ("postgresql://ann@db/shop", "postgresql://ann@db/shop"),
    ],
)
def test_the_password_of_a_database_is_not_written(url: str, written: str) -> None:
    recipe = Recipe(data=Data(target="y", read=ReadOptions(database=url, query="SELECT 1")))
    text = recipe.to_toml()
    assert "s3" not in text
    assert Recipe.from_toml(text).data.read.database == written


GUIDE = (ROOT / "docs" / "guides" / "recipe.md").read_text(encoding="utf-8")


def test_the_guides_example_is_a_recipe() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", GUIDE, flags=re.DOTALL)
    recipe = Recipe.from_toml(example)
    assert recipe.column("glucose").missing is Missing.MEDIAN
    assert recipe.features.ratios[0].name == "glucose_per_age"


def test_every_key_and_choice_is_in_the_guide() -> None:
    parts = (Data, Clean, Split, ModelChoice, ColumnRecipe, Features, Text, Bins, Elapsed, Ratio, Product, Sum)
    keys = {field.encode_name for part in parts for field in msgspec.structs.fields(part)}
    choices = (Missing, Outliers, OutlierMethod, Scale, Encode, SplitMethod, Duplicates, DatePart, Kind)
    wanted = keys | {str(choice) for enum in choices for choice in enum}
    assert not sorted(word for word in wanted if not re.search(rf"\b{re.escape(word)}\b", GUIDE))
