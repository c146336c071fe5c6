"""Users' pipelines on the tables they were fitted on, lowered through the container that publication observed."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, cast

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.dummy import DummyRegressor
from sklearn.feature_selection import SelectKBest, VarianceThreshold, f_regression
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    RobustScaler,
    StandardScaler,
    TargetEncoder,
)

from carafe.models.publication import describe
from models.lowering.compared import check, records_of

ROWS = 120
DRAW = np.random.default_rng(1)
ANSWERS = DRAW.normal(size=ROWS)


def drawn(*values: Any) -> list[Any]:
    return [values[index] for index in DRAW.integers(0, len(values), ROWS)]


PANDAS = pd.DataFrame(
    {
        "size": np.where(DRAW.random(ROWS) < 0.1, np.nan, DRAW.normal(5, 3, ROWS)),
        "single": DRAW.normal(size=ROWS).astype("float32"),
        "rooms": DRAW.integers(0, 5, ROWS),
        "class": DRAW.integers(1, 4, ROWS),
        "garden": DRAW.random(ROWS) < 0.5,
        "zone": drawn("x", "x", "y", "z"),
        "heat": drawn("oil", None, "gas"),
        "grade": pd.Categorical(drawn("low", "high", None), categories=["high", "low", "never"]),
    }
)
POLARS = pl.DataFrame(
    {
        "size": PANDAS["size"].tolist(),
        "single": pl.Series(PANDAS["single"].tolist(), dtype=pl.Float32),
        "rooms": PANDAS["rooms"].tolist(),
        "class": PANDAS["class"].tolist(),
        "garden": PANDAS["garden"].tolist(),
        "zone": PANDAS["zone"].tolist(),
        "heat": drawn("oil", None, "gas"),
        "grade": pl.Series(drawn("low", "high"), dtype=pl.Enum(["high", "low"])),
    }
)
NUMBERS = np.column_stack([PANDAS["size"], PANDAS["rooms"], PANDAS["class"]])
OBJECTS = np.empty((ROWS, 3), dtype=object)
OBJECTS[:, 0], OBJECTS[:, 1], OBJECTS[:, 2] = PANDAS["zone"], drawn("oil", None, "gas"), DRAW.normal(size=ROWS).tolist()


def one_hot(**kept: Any) -> OneHotEncoder:
    return OneHotEncoder(handle_unknown="ignore", **kept)


FRAMES: dict[str, Callable[[], Any]] = {
    "the tutorials' pipeline": lambda: ColumnTransformer(
        [
            (
                "n",
                make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler()),
                ["size", "rooms"],
            ),
            ("c", make_pipeline(SimpleImputer(strategy="most_frequent"), one_hot()), ["zone", "heat"]),
        ]
    ),
    "categories of a fixed set": lambda: ColumnTransformer(
        [
            ("c", OneHotEncoder(drop="if_binary", sparse_output=False), ["zone", "garden"]),
            ("o", OrdinalEncoder(), ["heat"]),
        ]
    ),
    "numbers as categories": lambda: ColumnTransformer(
        [("c", one_hot(), ["class", "garden"]), ("t", TargetEncoder(), ["class", "zone"])], remainder="drop"
    ),
    "a library's categories": lambda: ColumnTransformer(
        [
            ("c", one_hot(), ["grade"]),
            ("o", OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), ["grade", "zone"]),
        ]
    ),
    "single precision": lambda: ColumnTransformer(
        [
            ("s", make_pipeline(SimpleImputer(), StandardScaler()), ["single"]),
            ("m", MinMaxScaler(), ["single"]),
            ("r", RobustScaler(), ["single", "rooms"]),
            ("f", MaxAbsScaler(), ["class"]),
        ]
    ),
    "rare categories, first dropped": lambda: ColumnTransformer(
        [("c", OneHotEncoder(drop="first", handle_unknown="infrequent_if_exist", min_frequency=32), ["zone"])],
        remainder="drop",
    ),
    "by place, in two stages": lambda: make_pipeline(
        ColumnTransformer([("p", "passthrough", ["rooms", "zone"])]),
        ColumnTransformer([("c", one_hot(), [1]), ("s", StandardScaler(), slice(0, 1))]),
        VarianceThreshold(),
        SelectKBest(f_regression, k=2),
    ),
    "functions": lambda: ColumnTransformer(
        [("l", FunctionTransformer(np.log1p), ["rooms"]), ("i", FunctionTransformer(), ["garden", "class"])]
    ),
}
ARRAYS: dict[str, tuple[Any, Callable[[], Any]]] = {
    "numbers": (
        NUMBERS,
        lambda: ColumnTransformer(
            [
                ("i", SimpleImputer(strategy="most_frequent", add_indicator=True), [0]),
                ("m", MinMaxScaler(), [False, True, True]),
                ("c", one_hot(), [2]),
            ]
        ),
    ),
    "numbers of single precision": (
        NUMBERS.astype(np.float32),
        lambda: make_pipeline(SimpleImputer(), StandardScaler(), MinMaxScaler()),
    ),
    "booleans": (NUMBERS > 2, lambda: OneHotEncoder(drop="if_binary")),
    "strings": (
        OBJECTS[:, :1].astype(str),
        lambda: OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
    ),
    "objects": (
        OBJECTS,
        lambda: ColumnTransformer([("c", one_hot(), [0, 1]), ("n", StandardScaler(), [2])]),
    ),
    "None is filled": (
        OBJECTS,
        lambda: ColumnTransformer(
            [("c", make_pipeline(SimpleImputer(missing_values=None, strategy="most_frequent"), TargetEncoder()), [1])]
        ),
    ),
}

CASES = (
    [pytest.param(PANDAS, make, id=f"pandas: {name}") for name, make in FRAMES.items()]
    + [pytest.param(POLARS, make, id=f"polars: {name}") for name, make in FRAMES.items()]
    + [pytest.param(sample, make, id=f"array: {name}") for name, (sample, make) in ARRAYS.items()]
    + [
        pytest.param(
            PANDAS,
            lambda: ColumnTransformer([("n", StandardScaler(), make_column_selector(dtype_include="float64"))]),
            id="pandas: columns by their type",
        )
    ]
)


@cache
def published(number: int) -> Any:
    sample, make = cast("tuple[Any, Callable[[], Any]]", CASES[number].values)
    return describe(
        Pipeline([("columns", make()), ("model", DummyRegressor())]).fit(sample, ANSWERS),
        name="x",
        sample=sample,
        target="y",
        metrics={},
    )


@pytest.mark.parametrize("number", range(len(CASES)), ids=[case.id for case in CASES])
@settings(max_examples=5)
@given(data=st.data())
def test_a_users_columns_come_out_as_their_own_pipeline_has_them(number: int, data: Any) -> None:
    publication = published(number)
    signature = publication.manifest.signature
    records = data.draw(records_of(signature))
    check(publication.estimator[0], signature, records, publication.manifest.container)


@pytest.mark.parametrize("number", range(len(CASES)), ids=[case.id for case in CASES])
def test_the_sample_itself_comes_out_as_it_was_fitted(number: int) -> None:
    publication = published(number)
    signature = publication.manifest.signature
    records = list(zip(*(cells(column) for column in publication.sample.columns), strict=True))
    assert check(publication.estimator[0], signature, records[:30], publication.manifest.container) is not None


def cells(values: Any) -> list[Any]:
    return [None if value is None or value != value else value for value in values.tolist()]  # noqa: PLR0124 - NaN


@pytest.mark.parametrize("value", [3, -128, 127, 128, -129, 2**31, 2**53, -(2**53)])
def test_a_narrow_integer_wraps_around_as_numpy_makes_one(value: int) -> None:
    sample = pd.DataFrame({"floor": DRAW.integers(0, 5, ROWS).astype("int8")})
    pipeline = Pipeline([("scale", StandardScaler()), ("model", DummyRegressor())]).fit(sample, ANSWERS)
    publication = describe(pipeline, name="x", sample=sample, target="y", metrics={})
    check(pipeline[0], publication.manifest.signature, [(value,)], publication.manifest.container)
