"""Models that add up words: no matrix of them is made, and the rows that need one are named by their own numbers."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any
from unittest.mock import patch

import msgspec
import numpy as np
import polars as pl
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder

from carafe.errors import CorruptArtefact, InvalidInput, PredictionFailed
from carafe.models.container import CARAFE, ColumnType, Container, Shape
from carafe.models.lowering import lowered as module
from carafe.models.lowering.lower import lower
from carafe.models.lowering.lowered import decode_lowered, encode_lowered
from carafe.models.lowering.plan import MAX_DENSE
from carafe.models.lowering.refusal import NotLowered
from carafe.models.steps import Words
from carafe.schema import Column, Kind, Rows, Signature, Target, Task
from lowered_models import as_published, assert_same

ROWS = 600
DRAW = np.random.default_rng(0)
WORDS = np.array([f"word{index}" for index in range(12_000)])
TEXTS = [" ".join(DRAW.choice(WORDS, DRAW.integers(0, 40))) for _ in range(ROWS)] + [" ".join(WORDS)]
CLASSES = np.array([len(text) % 3 for text in TEXTS])
LIST = Container(shape=Shape.TEXTS, columns=(ColumnType(dtype="object"),))
ONE = Signature(
    columns=(Column(name="text", kind=Kind.TEXT),),
    target=Target(name="y", task=Task.CLASSIFICATION, classes=(0, 1, 2)),
)
TABLE = pl.DataFrame(
    {
        "size": DRAW.normal(size=len(TEXTS)),
        "zone": [["north", "south"][index % 2] for index in range(len(TEXTS))],
        "note": TEXTS,
    }
)
MIXED = Signature(
    columns=(
        Column(name="size", kind=Kind.NUMBER, nullable=True),
        Column(name="zone", kind=Kind.CATEGORY, categories=("north", "south")),
        Column(name="note", kind=Kind.TEXT, nullable=True),
    ),
    target=ONE.target,
)


def rows_of(table: pl.DataFrame) -> Rows:
    columns = [
        table["size"].to_numpy().copy(),
        *(np.array(table[name].to_list(), dtype=object) for name in table.columns[1:]),
    ]
    return Rows(tuple(columns))


@cache
def mixed() -> Any:
    """Return a model of a number that must be there, a category of a fixed set, and words."""
    columns = ColumnTransformer(
        [
            ("size", FunctionTransformer(), ["size"]),
            ("zone", OneHotEncoder(), ["zone"]),
            ("note", Words(longest=1, minimum_rows=1), ["note"]),
        ]
    )
    pipeline = Pipeline([("columns", columns), ("model", LogisticRegression(max_iter=50))])
    return as_published(pipeline.fit(TABLE, CLASSES), MIXED, CARAFE)


LINES: dict[str, Callable[[], Any]] = {
    "two classes": lambda: make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(TEXTS, CLASSES > 1),
    "three classes": lambda: make_pipeline(TfidfVectorizer(norm="l1"), LogisticRegression()).fit(TEXTS, CLASSES),
    "naive Bayes": lambda: make_pipeline(CountVectorizer(), MultinomialNB()).fit(TEXTS, CLASSES),
}


@pytest.mark.parametrize("make", LINES.values(), ids=LINES.keys())
def test_lines_over_more_words_than_a_matrix_may_have_answer_as_natively(make: Callable[[], Any]) -> None:
    estimator = make()
    classes = tuple(estimator.classes_.tolist())
    signature = msgspec.structs.replace(ONE, target=msgspec.structs.replace(ONE.target, classes=classes))
    lowered, native = as_published(estimator, signature, LIST)
    assert_same(lowered, native, Rows((np.array([*TEXTS[-60:], "", "nothing known"], dtype=object),)))


def test_no_matrix_of_words_is_made_however_many_rows_come() -> None:
    lowered, native = mixed()
    rows = rows_of(TABLE)
    expected = native.predict(rows)
    with patch.object(lowered, "_encode", side_effect=AssertionError):
        np.testing.assert_array_equal(lowered.predict(rows).values, expected.values)
    none = lowered.predict(rows.take(slice(0)), probabilities=True)
    assert none.values.shape == (0,)
    assert none.probabilities.shape == (0, 3)


def test_a_row_that_is_refused_among_many_is_named_by_its_place() -> None:
    lowered, _ = mixed()
    zones = TABLE["zone"].to_list()
    zones[411] = "west"
    with pytest.raises(InvalidInput) as caught:
        lowered.predict(rows_of(TABLE.with_columns(zone=pl.Series(zones))))
    (problem,) = caught.value.problems
    assert (problem.row, problem.field, problem.got) == (411, "zone", '"west"')


def test_a_row_that_is_refused_in_a_later_part_of_a_table_is_named_by_its_place() -> None:
    encoder = make_pipeline(ColumnTransformer([("z", OneHotEncoder(), ["zone"])]), RandomForestClassifier(3))
    lowered, _ = as_published(encoder.fit(TABLE, CLASSES), MIXED, CARAFE)
    zones = TABLE["zone"].to_list()
    zones[411] = "west"
    with patch.object(module, "CHUNK", 300), pytest.raises(InvalidInput) as caught:
        lowered.predict(rows_of(TABLE.with_columns(zone=pl.Series(zones))))
    assert [problem.row for problem in caught.value.problems] == [411]


def test_a_number_that_is_missing_is_refused_and_one_that_is_huge_is_answered_as_natively() -> None:
    lowered, native = mixed()
    rows = rows_of(TABLE)
    rows.columns[0][7] = 1e300
    np.testing.assert_array_equal(lowered.predict(rows).values, native.predict(rows).values)
    rows.columns[0][9] = np.nan
    with pytest.raises(PredictionFailed, match="a feature is missing"):
        lowered.predict(rows)


def test_features_of_thousands_of_words_are_shown_as_natively() -> None:
    lowered, native = mixed()
    rows = rows_of(TABLE).take(slice(5))
    shown, expected = lowered.transform(rows), native.transform(rows)
    assert shown.names == expected.names
    assert len(shown.names) > MAX_DENSE
    np.testing.assert_array_equal(shown.matrix, expected.matrix)


def test_what_needs_a_matrix_of_too_many_words_is_not_lowered() -> None:
    forest = make_pipeline(CountVectorizer(), RandomForestClassifier(2)).fit(TEXTS, CLASSES)
    with pytest.raises(NotLowered, match=f"12000 features are more than the {MAX_DENSE} of a matrix"):
        lower(forest, signature=ONE, container=LIST)


def test_a_plan_of_too_wide_a_matrix_is_refused_when_it_is_read() -> None:
    lowered, _ = lower(LINES["naive Bayes"](), signature=ONE, container=LIST)
    document = msgspec.json.decode(encode_lowered(lowered))
    document["kernel"] = {"type": "constant", "scores": [0.0]}
    with pytest.raises(CorruptArtefact, match=f"expected at most {MAX_DENSE}"):
        decode_lowered(msgspec.json.encode(document))
