from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from carafe.models.flavours.first_steps import Meeting, first_meetings

FRAME = pd.DataFrame({"n": [1.0, 2.0, 3.0], "a": ["x", "y", "x"], "b": ["p", np.nan, "q"]})
NAMES = ["n", "a", "b"]
A = Meeting(column="a", categories=("x", "y"), missing=False)
B = Meeting(column="b", categories=("p", "q"), missing=True)


def met(estimator: Any, frame: pd.DataFrame = FRAME) -> list[Meeting]:
    return list(first_meetings(estimator.fit(frame, [1.0, 2.0, 3.0]), list(frame.columns)))


@pytest.mark.parametrize(
    "columns",
    [["a", "b"], [1, 2], [False, True, True], slice("a", "b"), slice(1, None), make_column_selector(pattern="[ab]")],
    ids=["names", "numbers", "booleans", "slice of names", "slice of numbers", "selector"],
)
def test_an_encoder_knows_the_categories_of_its_columns_however_they_are_named(columns: Any) -> None:
    assert met(ColumnTransformer([("words", OneHotEncoder(), columns)])) == [A, B]


def test_a_remainder_meets_its_columns_too() -> None:
    transformer = ColumnTransformer([("words", OrdinalEncoder(), ["a", "b"])], remainder=StandardScaler())
    assert met(transformer) == [A, B, Meeting(column="n", categories=None, missing=False)]


def test_an_imputer_before_an_encoder_learnt_missing_values() -> None:
    words = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder())
    assert met(words, FRAME[["a"]]) == [Meeting(column="a", categories=("x", "y"), missing=True)]


def test_a_column_that_two_steps_meet_is_met_twice() -> None:
    union = FeatureUnion([("one", OneHotEncoder()), ("two", OrdinalEncoder())])
    assert met(union, FRAME[["a"]]) == [A, A]


def test_a_pipeline_is_met_by_its_first_step() -> None:
    assert met(make_pipeline(OrdinalEncoder(), Ridge()), FRAME[["a"]]) == [A]
    assert met(Ridge(), FRAME[["n"]]) == [Meeting(column="n", categories=None, missing=False)]


def test_an_encoder_of_no_columns_meets_nothing_and_was_never_fitted() -> None:
    transformer = ColumnTransformer([("numbers", StandardScaler(), ["n"]), ("words", OneHotEncoder(), [])])
    assert met(transformer) == [Meeting(column="n", categories=None, missing=False)]
