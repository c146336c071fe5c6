"""Vectorisers of texts: the same matrix as the fitted one's, bit for bit, and the same sums over words."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import msgspec
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.feature_selection import SelectKBest, chi2
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import MaxAbsScaler, OneHotEncoder, StandardScaler

from carafe.models.container import CARAFE, ColumnType, Container, Shape
from carafe.models.lowering.columns import lower_columns
from carafe.models.lowering.matrix import plan_matrix
from carafe.models.lowering.plan import Plan
from carafe.models.lowering.refusal import NotLowered
from carafe.models.steps import MissingValues, Words
from carafe.schema import Column, Kind, Rows
from models.lowering.compared import category, check, lowered, number, signature
from models.lowering.texts import SENTENCES, sentences, texts

NOTES = signature(
    number("size"), Column(name="note", kind=Kind.TEXT, nullable=True), category("zone", "free call", "the house")
)
TEXTS = signature(Column(name="text", kind=Kind.TEXT))
LIST = Container(shape=Shape.TEXTS, columns=(ColumnType(dtype="object"),))
TABLE = pl.DataFrame(
    {
        "size": np.linspace(0, 1, len(SENTENCES)),
        "note": SENTENCES,
        "zone": ["free call", "the house"] * (len(SENTENCES) // 2),
    }
)
EVERY_TOKEN, SLOW_TOKENS = {"token_pattern": r"(?u)\b\w+\b"}, {"token_pattern": r"(\w+\s?)+"}
ANSWERS = np.arange(len(SENTENCES)) % 3


def on(step: Any, column: Any = "note") -> Any:
    return ColumnTransformer([("texts", step, column), ("size", "passthrough", ["size"])])


STEPS: dict[str, Callable[[], Any]] = {
    "words": lambda: on(Words(), ["note"]),
    "single words": lambda: on(Words(longest=1, minimum_rows=9, maximum_features=5), ["note"]),
    "no word kept": lambda: on(Words(minimum_rows=1000), ["note"]),
    "words of a category": lambda: on(Words(), ["zone"]),
    "words that are missing in disguise": lambda: make_pipeline(
        MissingValues(values={"note": ["call", "the house"]}), on(Words(), ["note"])
    ),
    "tf-idf": lambda: on(TfidfVectorizer()),
    "tf-idf of runs": lambda: on(TfidfVectorizer(ngram_range=(1, 3), sublinear_tf=True, smooth_idf=False, norm="l1")),
    "tf-idf of characters": lambda: on(TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), norm=None)),
    "term frequencies": lambda: on(TfidfVectorizer(use_idf=False, stop_words=["the", "now"])),
    "binary": lambda: on(TfidfVectorizer(binary=True, strip_accents="ascii")),
    "counts": lambda: on(CountVectorizer(**EVERY_TOKEN)),
    "counts of a given vocabulary": lambda: on(CountVectorizer(vocabulary=["the", "call", "free", "never met"])),
    "counts, then weights": lambda: on(make_pipeline(CountVectorizer(), TfidfTransformer(sublinear_tf=True))),
    "counts beside weights": lambda: on(
        FeatureUnion([("c", CountVectorizer()), ("w", make_pipeline(CountVectorizer(), TfidfTransformer()))])
    ),
    "the best words": lambda: on(make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), SelectKBest(chi2, k=7))),
}


@cache
def fitted_once(name: str) -> Any:
    return STEPS[name]().fit(TABLE, ANSWERS)


@pytest.mark.parametrize("name", STEPS)
@settings(max_examples=40)
@given(data=st.data())
def test_a_lowered_text_weighs_what_the_fitted_step_says(name: str, data: Any) -> None:
    values = texts | sentences | st.none() | st.sampled_from(["call", "the house"])
    record = st.tuples(st.floats(-9, 9) | st.none(), values, st.sampled_from(["free call", "the house"]) | texts)
    check(fitted_once(name), NOTES, data.draw(st.lists(record, min_size=1, max_size=5)))


@given(found=st.lists(texts | sentences, min_size=1, max_size=4))
def test_a_list_of_texts_is_lowered_as_a_table_is(found: list[str]) -> None:
    for vectoriser in LISTED:
        check(vectoriser, TEXTS, [(text,) for text in found], LIST)


LISTED = (
    TfidfVectorizer(sublinear_tf=True).fit(SENTENCES),
    FeatureUnion([("words", CountVectorizer()), ("characters", TfidfVectorizer(analyzer="char"))]).fit(SENTENCES),
)


@pytest.mark.parametrize("scaler", [StandardScaler(with_mean=False), MaxAbsScaler()], ids=str)
def test_scaled_words_differ_by_rounding_at_most_from_those_of_a_sparse_matrix(scaler: Any) -> None:
    step = make_pipeline(TfidfVectorizer(), scaler).fit(SENTENCES)
    plan, _ = lower_columns(step, signature=TEXTS, container=LIST)
    matrix = plan_matrix(plan, Rows((np.array(SENTENCES, dtype=object),)))
    np.testing.assert_allclose(matrix, step.transform(SENTENCES).toarray(), rtol=1e-15)


def test_a_word_that_comes_hundreds_of_times_weighs_the_same_as_natively() -> None:
    check(fitted_once("words"), NOTES, [(1.0, f"{'free ' * 255}call {'house ' * 300}", "x")])


def test_features_are_called_as_the_step_calls_them() -> None:
    step = fitted_once("words")
    _, names = lower_columns(step, signature=NOTES, container=CARAFE)
    assert names == tuple(step.get_feature_names_out())
    assert "texts__note_free call" in names


REFUSED: dict[str, tuple[Any, str]] = {
    "tokenizer": (TfidfVectorizer(tokenizer=str.split, token_pattern=None), "a tokenizer of its user's own"),
    "preprocessor": (CountVectorizer(preprocessor=str.title), "a preprocessor of its user's own"),
    "analyzer": (CountVectorizer(analyzer=str.split), "an? analyzer of its user's own"),
    "pattern": (TfidfVectorizer(**SLOW_TOKENS), "is none that Carafe knows"),
    "single precision": (TfidfVectorizer(dtype=np.float32), "counts in float32"),
    "long runs": (TfidfVectorizer(ngram_range=(1, 17)), "runs of 17"),
    "hashes": (HashingVectorizer(n_features=16), "HashingVectorizer is no step"),
    "weights of weights": (make_pipeline(TfidfVectorizer(), TfidfTransformer()), "something else than counts"),
}


@pytest.mark.parametrize(("step", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_not_lowered_says_why(step: Any, reason: str) -> None:
    with pytest.raises(NotLowered, match=reason):
        lower_columns(on(step).fit(TABLE), signature=NOTES, container=CARAFE)


def test_a_vectoriser_of_categories_that_became_numbers_is_not_lowered() -> None:
    step = ColumnTransformer([("z", make_pipeline(OneHotEncoder(), TfidfTransformer()), ["zone"])]).fit(TABLE)
    with pytest.raises(NotLowered, match="something else than counts"):
        lower_columns(step, signature=NOTES, container=CARAFE)


def test_texts_are_weighed_alike_in_every_block_of_a_large_table() -> None:
    step = fitted_once("tf-idf")
    rows = Rows((np.zeros(3000), np.array((SENTENCES * 60)[:3000], dtype=object), np.full(3000, "x", dtype=object)))
    matrix = plan_matrix(lowered(step, NOTES), rows)
    expected = step.transform(pl.DataFrame({"size": rows.columns[0], "note": rows.columns[1].tolist(), "zone": "x"}))
    np.testing.assert_array_equal(matrix, expected.toarray() if hasattr(expected, "toarray") else expected)


@pytest.mark.parametrize(
    ("what", "other"),
    [
        (b'"slot":1,"analysis"', b'"slot":0,"analysis"'),
        (b'"idf":[', b'"idf":[1.0,'),
        (b'"pattern":"(?u)\\\\b\\\\w\\\\w+\\\\b"', b'"pattern":"(a+)+$"'),
        (b'"norm":"l2"', b'"norm":"l3"'),
    ],
)
def test_words_that_do_not_hold_together_are_refused_when_a_plan_is_read(what: bytes, other: bytes) -> None:
    content = msgspec.json.encode(lowered(fitted_once("tf-idf"), NOTES))
    assert what in content
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(content.replace(what, other, 1), type=Plan)
