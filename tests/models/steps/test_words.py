from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from carafe.models.steps import Words


def texts(*values: str | None) -> pl.DataFrame:
    return pl.DataFrame({"note": list(values)}, schema={"note": pl.String})


def test_weights_are_those_of_scikit_learns_vectoriser() -> None:
    notes = ["free prize now", "call me now", "Free CALL", "prize"]
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, strip_accents="unicode")
    found = Words(minimum_rows=1).fit_transform(texts(*notes)).toarray()
    assert np.array_equal(found, vectorizer.fit(notes).transform(notes).toarray())


def test_a_missing_text_has_no_words() -> None:
    step = Words(minimum_rows=1).fit(texts("a quiet house", None))
    assert step.transform(texts(None, "")).toarray().sum() == 0


def test_words_met_for_the_first_time_count_for_nothing() -> None:
    step = Words(minimum_rows=1).fit(texts("quiet house"))
    assert step.transform(texts("noisy flat")).toarray().sum() == 0


def test_features_are_named_after_column_and_words() -> None:
    step = Words(minimum_rows=2).fit(texts("quiet house", "quiet house", "house"))
    assert step.get_feature_names_out().tolist() == ["note_house", "note_quiet", "note_quiet house"]


@pytest.mark.parametrize("notes", [("only", "different", "words"), (None, None), ("", "!?")])
def test_a_column_without_any_repeated_word_gives_no_features(notes: tuple[str | None, ...]) -> None:
    step = Words().fit(texts(*notes))
    assert step.transform(texts(*notes)).shape == (len(notes), 0)
    assert step.get_feature_names_out().tolist() == []


def test_by_default_a_word_occurs_in_one_row_in_a_hundred_but_no_more_than_usual() -> None:
    many = texts(*["often"] * 4, *["now and then"] * 3, *["else"] * 393)
    assert Words(longest=1).fit(many).get_feature_names_out().tolist() == ["note_else", "note_often"]
    assert "note_now" in Words(longest=1, usual_rows=3).fit(many).get_feature_names_out()


def test_words_take_one_column() -> None:
    with pytest.raises(ValueError, match="Words takes one text column, got 2"):
        Words().fit(pl.DataFrame({"a": ["x"], "b": ["y"]}))
