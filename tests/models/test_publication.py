from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, IsolationForest, RandomForestClassifier
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler, TargetEncoder

from carafe.errors import InvalidInput, UnsupportedModel
from carafe.models.artefact import load_model
from carafe.models.container import Shape
from carafe.models.flavours.native import NativeModel
from carafe.models.manifest import Manifest
from carafe.models.model import Model
from carafe.models.publication import Publication, describe
from carafe.models.verification import open_artefact
from carafe.schema import Column, Kind, Task
from carafe.schema.rows import encode_records

KEY = b"k" * 32
RNG = np.random.default_rng(0)
TABLE = RNG.normal(size=(60, 3))
NUMBERS = TABLE @ [1.0, 2.0, 3.0]
CITIES = RNG.choice(["Bern", "Rome", "Oslo"], size=60)
FRAME = pd.DataFrame(
    {
        "area": TABLE[:, 0],
        "rooms": RNG.integers(1, 6, size=60),
        "city": CITIES,
        "heating": pd.Categorical(RNG.choice(["gas", "oil"], size=60)),
        "built": pd.date_range("1990-01-01", periods=60, freq="30D"),
        "garden": RNG.integers(0, 2, size=60).astype(bool),
        "pets": pd.array([1, None] * 30, dtype="Int64"),
    }
)


def described(estimator: Any, sample: Any) -> Publication:
    return describe(estimator, name="model", sample=sample, target="y", metrics={})


def columns(publication: Publication) -> dict[str, Column]:
    return {column.name: column for column in publication.manifest.signature.columns}


@pytest.fixture
def served(tmp_path: Path, seal_in: Callable[[Path, Publication], Manifest]) -> Callable[[Any, Any], Model]:
    """Return a function that publishes an estimator and gives the model a server would load."""

    def serve(estimator: Any, sample: Any) -> Model:
        seal_in(tmp_path / "sealed", described(estimator, sample))
        return load_model(open_artefact(tmp_path / "sealed", key=KEY))

    return serve


def answers(model: Model, records: list[Any]) -> list[Any]:
    values = model.predict(encode_records(model.signature, records)).values.tolist()
    classes = model.signature.target.classes
    return [classes[value] for value in values] if classes else values


# --- what the sample may be -------------------------------------------------------------------------------------------


def test_the_columns_of_an_array_are_called_x1_x2_x3(served: Callable[[Any, Any], Model]) -> None:
    model = served(LinearRegression().fit(TABLE, NUMBERS), TABLE)
    assert answers(model, [{"x1": 1, "x2": 2, "x3": 3}]) == pytest.approx([14.0])


def test_a_list_of_lists_is_an_array(served: Callable[[Any, Any], Model]) -> None:
    model = served(LinearRegression().fit(TABLE.tolist(), NUMBERS), [[1, 2, 3], [4, 5, 6]])
    assert answers(model, [[1.5, 2, 3]]) == pytest.approx([14.5])


def test_a_frame_given_for_an_array_model_lends_its_names() -> None:
    publication = described(LinearRegression().fit(TABLE, NUMBERS), pd.DataFrame(TABLE, columns=["a", "b", "c"]))
    assert publication.manifest.signature.names == ("a", "b", "c")
    assert publication.manifest.container.shape is Shape.ARRAY


def test_an_array_given_for_a_frame_model_takes_the_frames_names() -> None:
    estimator = LinearRegression().fit(pd.DataFrame(TABLE, columns=["a", "b", "c"]), NUMBERS)
    publication = described(estimator, TABLE)
    assert publication.manifest.signature.names == ("a", "b", "c")
    assert publication.manifest.container.shape is Shape.PANDAS


def test_columns_are_taken_in_the_order_of_the_fit_and_others_left_out() -> None:
    estimator = Ridge().fit(FRAME[["rooms", "area"]], NUMBERS)
    assert described(estimator, FRAME).manifest.signature.names == ("rooms", "area")


def test_texts_are_one_column(served: Callable[[Any, Any], Model]) -> None:
    texts = ["win money now", "see you at lunch", "free prize", "good morning"] * 5
    labels = ["spam", "ham", "spam", "ham"] * 5
    model = served(make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(texts, labels), texts)
    assert [column.kind for column in model.signature.columns] == [Kind.TEXT]
    assert answers(model, [{"text": "a free prize"}, {"text": "lunch"}]) == ["spam", "ham"]


def test_dictionaries_reach_a_dict_vectoriser_as_they_came(served: Callable[[Any, Any], Model]) -> None:
    records = [{"city": "Bern", "rooms": 2.0}, {"city": "Rome"}] * 10
    estimator = make_pipeline(DictVectorizer(), LogisticRegression()).fit(records, [1, 0] * 10)
    model = served(estimator, records)
    assert model.signature.columns[1].nullable
    assert answers(model, [{"city": "Rome", "rooms": None}, {"city": "Bern", "rooms": 2}]) == [0, 1]


@pytest.mark.parametrize(
    ("sample", "message"),
    [
        (TABLE[:, :2], "sample: got 2 columns, expected the 3 that the model was fitted on"),
        (TABLE[0], r"sample: got one value a row, .*X\.reshape\(-1, 1\)"),
        ([], "sample: got no rows, expected at least one"),
        (7, "sample: got int, expected a frame, an array"),
        ({"x1": 1}, "sample: got one dictionary"),
        ([[1, 2, 3], [4, 5]], "sample: got rows of different lengths"),
        (np.zeros((2, 2, 2)), r"sample: got an array of shape \(2, 2, 2\)"),
        ([object()], "sample: got a list of object"),
        (TABLE.astype(complex), "sample: got an array of complex128"),
    ],
)
def test_a_sample_that_is_no_table_is_refused(sample: Any, message: str) -> None:
    with pytest.raises(UnsupportedModel, match=message):
        described(LinearRegression().fit(TABLE, NUMBERS), sample)


def test_a_sample_without_a_column_of_the_fit_is_refused_by_name() -> None:
    estimator = Ridge().fit(FRAME[["rooms", "area"]], NUMBERS)
    with pytest.raises(UnsupportedModel, match="sample: has no column 'rooms', on which the model was fitted"):
        described(estimator, FRAME[["area"]])


# --- what is observed -------------------------------------------------------------------------------------------------


def mixed() -> Any:
    words = ["city", "heating", "rooms"]
    numbers = ["area", "garden", "pets"]
    preparer = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), words),
        (make_pipeline(SimpleImputer(), StandardScaler()), numbers),
    )
    return make_pipeline(preparer, LogisticRegression()).fit(FRAME, CITIES)


def test_kinds_ranges_categories_and_examples_come_from_the_sample() -> None:
    seen = columns(described(mixed(), FRAME))
    assert {name: column.kind for name, column in seen.items()} == {
        "area": Kind.NUMBER,
        "rooms": Kind.CATEGORY,  # an encoder treats these integers as categories
        "city": Kind.CATEGORY,
        "heating": Kind.CATEGORY,
        "built": Kind.DATETIME,
        "garden": Kind.BOOLEAN,
        "pets": Kind.INTEGER,
    }
    assert seen["area"].minimum == TABLE[:, 0].min()
    assert seen["area"].maximum == TABLE[:, 0].max()
    assert seen["rooms"].categories == (1, 2, 3, 4, 5)
    assert seen["city"].categories == ("Bern", "Oslo", "Rome")
    assert seen["city"].example == FRAME["city"][0]


def test_categories_that_a_short_sample_lacks_come_from_the_fitted_encoder() -> None:
    assert columns(described(mixed(), FRAME.head(1)))["city"].categories == ("Bern", "Oslo", "Rome")


def test_null_is_taken_where_the_model_learnt_to_handle_it() -> None:
    seen = columns(described(mixed(), FRAME))
    nullable = {name for name, column in seen.items() if column.nullable}
    assert {"area", "pets"} <= nullable  # imputed
    assert not nullable & {"city", "heating", "rooms"}  # an encoder that ignores what it never met learnt nothing


def test_null_is_taken_for_a_word_that_is_imputed_or_was_missing_in_the_fit() -> None:
    words = FRAME[["city", "heating"]].astype(object)
    words.loc[0, "city"] = np.nan
    preparer = make_column_transformer(
        (OrdinalEncoder(), ["city"]),
        (make_pipeline(SimpleImputer(strategy="most_frequent"), TargetEncoder()), ["heating"]),
    )
    estimator = make_pipeline(preparer, HistGradientBoostingClassifier(max_iter=2)).fit(words, CITIES)
    assert [column.nullable for column in described(estimator, words.tail(5)).manifest.signature.columns] == [
        True,
        True,
    ]


def test_an_estimator_that_refuses_nan_has_no_nullable_column() -> None:
    assert not any(c.nullable for c in columns(described(LinearRegression().fit(TABLE, NUMBERS), TABLE)).values())


def test_an_estimator_that_takes_nan_has_nullable_columns() -> None:
    estimator = HistGradientBoostingClassifier(max_iter=2).fit(TABLE, CITIES)
    assert all(column.nullable for column in columns(described(estimator, TABLE)).values())


@pytest.mark.parametrize(
    "labels",
    [["no", "yes"], [0, 1], [False, True], [1.0, 2.0]],
    ids=["strings", "integers", "booleans", "floats"],
)
def test_labels_keep_their_own_type(labels: list[Any], served: Callable[[Any, Any], Model]) -> None:
    estimator = RandomForestClassifier(3).fit(TABLE, np.array(labels)[(NUMBERS > 0).astype(int)])
    model = served(estimator, TABLE)
    assert [type(label) for label in model.signature.target.classes] == [type(label) for label in labels]
    assert answers(model, TABLE.tolist()) == estimator.predict(TABLE).tolist()


def test_a_finished_search_is_published_as_its_best_estimator() -> None:
    search = GridSearchCV(Ridge(), {"alpha": [0.1, 1.0]}, cv=2).fit(TABLE, NUMBERS)
    publication = described(search, TABLE)
    assert publication.manifest.algorithm == "Ridge"
    assert publication.estimator is search.best_estimator_


def test_the_manifest_says_where_the_model_comes_from(lightgbm: Any) -> None:
    estimator = lightgbm.LGBMRegressor(n_estimators=2, verbose=-1).fit(TABLE, NUMBERS)
    manifest = describe(estimator, name="m", sample=TABLE, target="y", metrics={"r2": 0.9}).manifest
    assert {"lightgbm", "numpy", "scikit-learn"} <= dict(manifest.provenance.libraries).keys()
    assert manifest.provenance.created.endswith("Z")
    assert [(metric.name, metric.value) for metric in manifest.metrics] == [("r2", 0.9)]
    assert [(rung.name, rung.chosen) for rung in manifest.ladder] == [("native", True)]


# --- that a record reaches the estimator as its own kind of frame -----------------------------------------------------


def test_a_pandas_pipeline_with_all_kinds_answers_records(served: Callable[[Any, Any], Model]) -> None:
    estimator = mixed()
    model = served(estimator, FRAME)
    records = json.loads(FRAME.to_json(orient="records", date_format="iso"))
    assert answers(model, records) == estimator.predict(FRAME).tolist()


def test_lightgbm_meets_the_categories_of_its_fit(served: Callable[[Any, Any], Model], lightgbm: Any) -> None:
    frame = FRAME[["heating", "area"]]
    estimator = lightgbm.LGBMRegressor(n_estimators=20, min_child_samples=2, verbose=-1)
    estimator.fit(frame, np.where(frame["heating"] == "gas", 10.0, -10.0))
    model = served(estimator, frame.iloc[::-1])
    gas, oil, missing = answers(model, [["gas", 0.0], ["oil", 0.0], [None, 0.0]])
    assert gas > 5 > -5 > oil
    assert math.isfinite(missing)


def test_a_polars_pipeline_meets_polars_types(served: Callable[[Any, Any], Model]) -> None:
    frame = pl.DataFrame(
        {
            "city": CITIES,
            "grade": pl.Series(RNG.choice(["a", "b"], size=60), dtype=pl.Enum(["b", "a"])),
            "rooms": RNG.integers(1, 6, size=60),
            "area": TABLE[:, 0].astype(np.float32),
        }
    )
    words = make_column_transformer((OneHotEncoder(), ["city", "grade"]), remainder="passthrough")
    estimator = make_pipeline(words, LogisticRegression()).fit(frame, NUMBERS > 0)
    model = served(estimator, frame)
    assert answers(model, frame.to_dicts()) == estimator.predict(frame).tolist()


def test_an_unseen_category_that_the_model_refuses_is_the_clients_error(served: Callable[[Any, Any], Model]) -> None:
    strict = ColumnTransformer([("city", OneHotEncoder(), ["city"])])
    model = served(make_pipeline(strict, LogisticRegression()).fit(FRAME[["city"]], CITIES), FRAME)
    with pytest.raises(InvalidInput, match='city: got "Paris", expected one of the values it was fitted on: Bern'):
        answers(model, [{"city": "Paris"}])


# --- what can't be published ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("estimator", "message"),
    [
        (LinearRegression(), "this LinearRegression is not fitted: call fit"),
        (make_pipeline(StandardScaler(), Ridge()), "this Pipeline is not fitted"),
        (LinearRegression, "got the class LinearRegression, expected a fitted"),
        (print, "got an object of type builtin_function_or_method, expected a fitted"),
        (KMeans(2, n_init=1).fit(TABLE), "KMeans is neither a classifier nor a regressor"),
        (IsolationForest(n_estimators=2).fit(TABLE), "IsolationForest is neither"),
        (StandardScaler().fit(TABLE), "StandardScaler is neither"),
        (LinearRegression().fit(TABLE, np.column_stack([NUMBERS, NUMBERS])), "answers with 2 outputs"),
        (RandomForestClassifier(2).fit(TABLE, np.column_stack([CITIES, CITIES])), "answers with 2 outputs"),
        (GridSearchCV(Ridge(), {"alpha": [1.0]}, refit=False, cv=2).fit(TABLE, NUMBERS), "search with refit=True"),
    ],
    ids=["unfitted", "unfitted pipeline", "class", "function", "clusterer", "outliers", "transformer", "two numbers",
         "two labels", "search without refit"],
)  # fmt: skip
def test_what_can_not_be_served_is_refused_with_what_to_do(estimator: Any, message: str) -> None:
    with pytest.raises(UnsupportedModel, match=message):
        described(estimator, TABLE)


def test_a_column_of_mixed_types_is_refused_by_name() -> None:
    frame = pd.DataFrame({"code": pd.Series([1, "b", 3.5] * 20, dtype=object)})
    estimator = make_pipeline(TargetEncoder(), Ridge()).fit(frame.astype(str), NUMBERS)
    with pytest.raises(UnsupportedModel, match=r"column 'code': got float, int, str such as 1, expected only strings"):
        described(estimator, frame)


def test_numbers_beyond_what_json_carries_are_refused() -> None:
    frame = pd.DataFrame({"id": np.arange(60) + 2**60})
    with pytest.raises(UnsupportedModel, match=r"column 'id': got whole numbers beyond 2\^53"):
        described(Ridge().fit(frame, NUMBERS), frame)


def test_an_estimator_that_fails_on_its_own_sample_is_refused() -> None:
    gaps = TABLE.copy()
    gaps[0, 0] = np.nan
    with pytest.raises(UnsupportedModel, match="this LinearRegression fails on its own sample: ValueError"):
        described(LinearRegression().fit(TABLE, NUMBERS), gaps)


def test_a_proof_that_fails_stops_the_publication(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = NativeModel._predict  # noqa: SLF001 - the innermost place where an answer is made

    def shifted(self: NativeModel, *args: Any, **options: Any) -> Any:
        answer = honest(self, *args, **options)
        answer.values[0] += 1e-3
        return answer

    monkeypatch.setattr(NativeModel, "_predict", shifted)
    with pytest.raises(
        UnsupportedModel, match="the model answers differently to its sample once it was sent as records"
    ):
        described(LinearRegression().fit(TABLE, NUMBERS), TABLE)


def test_the_task_follows_the_estimator() -> None:
    assert described(LinearRegression().fit(TABLE, NUMBERS), TABLE).manifest.task is Task.REGRESSION
    classifier = described(LogisticRegression().fit(TABLE, CITIES), TABLE).manifest
    assert classifier.task is Task.CLASSIFICATION
    assert classifier.probabilities


def test_integers_of_an_object_column_that_an_encoder_took_stay_integers(served: Callable[[Any, Any], Model]) -> None:
    frame = pd.DataFrame({"grade": pd.Series([1, 2, 3] * 20, dtype=object)})
    estimator = make_pipeline(make_column_transformer((OneHotEncoder(), ["grade"])), Ridge()).fit(frame, NUMBERS)
    model = served(estimator, frame)
    assert model.signature.columns[0].categories == (1, 2, 3)
    assert answers(model, [{"grade": 2}]) == pytest.approx(estimator.predict(frame[1:2]))
    with pytest.raises(InvalidInput, match='grade: got "9", expected one of the values it was fitted on: 1, 2, 3'):
        answers(model, [{"grade": 9}])
    with pytest.raises(InvalidInput, match='grade: got "best", expected one of'):
        answers(model, [{"grade": "best"}])


@pytest.mark.parametrize("dtype", ["object", "int64"])
@pytest.mark.parametrize("grade", ["02", "+2", " 2", "\u0662", "0_2"])
def test_an_integer_category_written_in_another_way_is_none(
    served: Callable[[Any, Any], Model], dtype: str, grade: str
) -> None:
    frame = pd.DataFrame({"grade": pd.Series([1, 2, 3] * 20, dtype=dtype)})
    encoder = OneHotEncoder(handle_unknown="ignore")
    model = served(make_pipeline(make_column_transformer((encoder, ["grade"])), Ridge()).fit(frame, NUMBERS), frame)
    assert answers(model, [{"grade": "2"}]) == answers(model, [{"grade": 2}])
    with pytest.raises(InvalidInput, match=r"grade: got \".*\", expected one of the values it was fitted on: 1, 2, 3"):
        answers(model, [{"grade": grade}])


def test_records_given_for_an_array_model_lend_their_names() -> None:
    records = [{"b": 1, "a": 2.5, "c": 3}, {"b": 2, "a": 1, "c": 0}]
    publication = described(LinearRegression().fit(TABLE, NUMBERS), records)
    assert publication.manifest.signature.names == ("b", "a", "c")
    assert {column.kind for column in publication.manifest.signature.columns} == {Kind.NUMBER}


def test_records_given_for_a_frame_model_become_a_frame() -> None:
    estimator = Ridge().fit(FRAME[["rooms", "area"]], NUMBERS)
    publication = described(estimator, [{"area": 1, "rooms": 2}, {"area": 2, "rooms": 5}])
    assert publication.manifest.signature.names == ("rooms", "area")
    assert publication.manifest.container.shape is Shape.PANDAS


def test_two_columns_of_one_name_are_refused() -> None:
    frame = pd.DataFrame(TABLE, columns=["a", "a", "b"])
    with pytest.raises(UnsupportedModel, match="sample: got two columns of the same name"):
        described(LinearRegression().fit(TABLE, NUMBERS), frame)
