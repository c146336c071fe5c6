"""Terms of a text: those that scikit-learn's own vectorisers count, in time proportional to the text."""

from __future__ import annotations

import time
import tracemalloc
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, CountVectorizer

from carafe.models.lowering.analysis import MAX_RUN, Accents, Analysis, Pattern, Terms, analyser
from models.lowering.texts import sentences, texts

PATTERNS = get_args(Pattern)
OPTIONS: dict[str, dict[str, Any]] = {
    "default": {},
    "runs of one to three": {"ngram_range": (1, 3)},
    "runs of two": {"ngram_range": (2, 2), "lowercase": False},
    "no accents": {"strip_accents": "unicode", "ngram_range": (1, 2)},
    "ascii": {"strip_accents": "ascii", "lowercase": False},
    "stop words": {"stop_words": "english", "ngram_range": (1, 2)},
    "characters": {"analyzer": "char", "ngram_range": (1, 3)},
    "long characters": {"analyzer": "char", "ngram_range": (4, 9), "strip_accents": "unicode"},
    "within words": {"analyzer": "char_wb", "ngram_range": (2, 4)},
    "within short words": {"analyzer": "char_wb", "ngram_range": (1, 8), "lowercase": False},
}


def analysis_of(options: dict[str, Any]) -> Analysis:
    terms = Terms(options.get("analyzer", "word"))
    shortest, longest = options.get("ngram_range", (1, 1))
    return Analysis(
        terms=terms,
        lowercase=options.get("lowercase", True),
        accents=Accents(options["strip_accents"]) if "strip_accents" in options else None,
        pattern=options.get("token_pattern", PATTERNS[0]) if terms is Terms.WORDS else None,
        stop_words=tuple(ENGLISH_STOP_WORDS) if "stop_words" in options else (),
        shortest=shortest,
        longest=longest,
    )


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS.keys())
@given(text=texts | sentences)
def test_the_terms_are_those_that_scikit_learn_counts(options: dict[str, Any], text: str) -> None:
    assert sorted(analyser(analysis_of(options))(text)) == sorted(CountVectorizer(**options).build_analyzer()(text))


@given(text=texts)
def test_every_known_pattern_finds_the_same_tokens(text: str) -> None:
    for pattern in PATTERNS:
        expected = CountVectorizer(token_pattern=pattern).build_analyzer()(text)
        assert analyser(analysis_of({"token_pattern": pattern}))(text) == expected


@pytest.mark.parametrize("pattern", PATTERNS)
def test_no_text_takes_a_known_pattern_more_than_time_proportional_to_its_length(pattern: str) -> None:
    find = analyser(analysis_of({"token_pattern": pattern}))
    began = time.perf_counter()
    for piece, end in (("a", "!"), ("a", "\u00c0"), ("a", "_"), ("1", "a"), ("\u00c0", "\n"), ("_", ""), ("a ", "")):
        list(find(piece * 100_000 + end))
    assert time.perf_counter() - began < 10  # some 0.1 s; were one of them quadratic, minutes


@pytest.mark.parametrize(
    "content",
    [
        b'{"terms": "word", "lowercase": true, "pattern": "(a+)+$"}',
        b'{"terms": "word", "lowercase": true}',
        b'{"terms": "char", "lowercase": true, "longest": 17}',
        b'{"terms": "char", "lowercase": true, "shortest": 3, "longest": 2}',
        b'{"terms": "char", "lowercase": true, "shortest": 0}',
    ],
)
def test_an_analysis_that_might_take_for_ever_or_makes_no_sense_is_not_read(content: bytes) -> None:
    assert MAX_RUN == 16
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(content, type=Analysis)


@pytest.mark.parametrize("terms", Terms)
def test_the_runs_of_a_long_text_are_never_held_together(terms: Terms) -> None:
    analyse = analyser(Analysis(terms=terms, lowercase=False, pattern=r"\w+", shortest=1, longest=16))
    text = "some words " * 20_000
    tracemalloc.start()
    count = sum(1 for _ in analyse(text))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count > len(text) / 2
    assert peak < 20 * len(text)
