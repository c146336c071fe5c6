from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import skops.io
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, make_pipeline

from carafe.errors import CorruptArtefact, UnsupportedModel
from carafe.models.flavours.archive import FILE
from carafe.models.flavours.sklearn import dump, load
from carafe.models.publication import Publication


@pytest.fixture
def names(tmp_path: Path) -> list[str]:
    """Return the names of two files that hold words."""
    for name, words in (("a", "a secret word"), ("b", "another thing")):
        (tmp_path / name).write_text(words, encoding="utf-8")
    return [str(tmp_path / "a"), str(tmp_path / "b")]


def fitted(vectoriser: Any, texts: list[str]) -> Any:
    return make_pipeline(FeatureUnion([("words", vectoriser)]), LogisticRegression()).fit(texts, [0, 1])


@pytest.mark.parametrize("kind", [CountVectorizer, TfidfVectorizer, HashingVectorizer])
def test_a_vectoriser_that_opens_what_a_request_names_is_not_published(kind: Any, names: list[str]) -> None:
    with pytest.raises(UnsupportedModel, match=rf"{kind.__name__}\(input='filename'\).*fit it with input='content'"):
        dump(fitted(kind(input="filename"), names))


def test_a_stored_vectoriser_that_opens_what_a_request_names_is_not_loaded(
    names: list[str], publication: Publication
) -> None:
    content = skops.io.dumps(fitted(TfidfVectorizer(input="filename"), names))
    with pytest.raises(CorruptArtefact, match=r"model\.skops: holds TfidfVectorizer\(input='filename'\)"):
        load({FILE: content}, publication.manifest)


def test_a_vectoriser_of_texts_is_published(names: list[str], publication: Publication) -> None:
    assert load(dump(fitted(TfidfVectorizer(), names)), publication.manifest).estimator.predict(names).shape == (2,)
