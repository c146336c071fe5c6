"""Fitted steps that weigh the words of a text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_args

import msgspec
import numpy as np
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer, TfidfVectorizer

from carafe.models.lowering import analysis, words
from carafe.models.lowering.columns.inputs import UNKNOWN
from carafe.models.lowering.columns.values import Draft, Factor, Number, Value
from carafe.models.lowering.refusal import NotLowered
from carafe.models.steps import Words

Text = str | None


def _words(step: Words, values: Sequence[Value], draft: Draft) -> list[Value]:
    if step.vectorizer_ is None:
        return []
    return _weighed(step.vectorizer_, values, draft, read=lambda value: "" if value is None else str(value))


def _vectorised(step: CountVectorizer, values: Sequence[Value], draft: Draft) -> list[Value]:
    return _weighed(step, values, draft, read=lambda value: value if isinstance(value, str) else None)


def _weighed(
    step: CountVectorizer, values: Sequence[Value], draft: Draft, *, read: Callable[[Any], Text]
) -> list[Value]:
    """Return a number for each term of a vectoriser; ``read`` is what becomes of a value, None where it is refused."""
    name = type(step).__name__
    factor = values[0]
    if not isinstance(factor, Factor) or factor.domain.whole or factor.values[-1] != UNKNOWN:
        raise NotLowered(f"{name} takes something else than the texts of a column")
    *known, absent, _ = map(read, factor.values)
    replaced = tuple((str(key), text) for key, text in zip(factor.domain.keys, known, strict=True) if text != key)
    op = words.Words(
        slot=factor.domain.slot,
        analysis=_analysis(step, name),
        vocabulary=_vocabulary(step, name),
        weighing=_weighing(step, name),
        absent=absent,
        replaced=replaced,
    )
    return _numbers(draft.add(op), op.width)


def _analysis(step: CountVectorizer, name: str) -> analysis.Analysis:
    own = [part for part in ("preprocessor", "tokenizer") if getattr(step, part) is not None]
    own += [part for part in ("analyzer", "strip_accents") if callable(getattr(step, part))]
    if own:
        raise NotLowered(f"{name} has a {own[0]} of its user's own")
    if step.input != "content":
        raise NotLowered(f"{name} opens what a text names")
    terms = analysis.Terms(step.analyzer)
    of_words = terms is analysis.Terms.WORDS
    if of_words and step.token_pattern not in get_args(analysis.Pattern):
        raise NotLowered(f"{name} has the token pattern {step.token_pattern!r}, which is none that Carafe knows")
    shortest, longest = map(int, step.ngram_range)
    if longest > analysis.MAX_RUN:
        raise NotLowered(f"{name} counts runs of {longest}, a plan at most of {analysis.MAX_RUN}")
    stop_words = step.get_stop_words() if of_words else None
    return analysis.Analysis(
        terms=terms,
        lowercase=bool(step.lowercase),
        accents=analysis.Accents(step.strip_accents) if step.strip_accents else None,
        pattern=step.token_pattern if of_words else None,
        stop_words=tuple(sorted(stop_words or ())),
        shortest=shortest,
        longest=longest,
    )


def _vocabulary(step: CountVectorizer, name: str) -> tuple[str, ...]:
    terms = sorted(step.vocabulary_, key=step.vocabulary_.__getitem__)
    if not all(isinstance(term, str) for term in terms):
        raise NotLowered(f"{name} has a vocabulary of something else than strings")
    return tuple(map(str, terms))


def _weighing(step: CountVectorizer, name: str) -> words.Weighing:
    if np.dtype(step.dtype) not in (np.float64, np.int64):
        raise NotLowered(f"{name} counts in {np.dtype(step.dtype)}")
    if not isinstance(step, TfidfVectorizer):
        return words.Weighing(binary=bool(step.binary))
    return _tfidf(step._tfidf, binary=bool(step.binary))  # noqa: SLF001 - no public name


def _tfidf(step: TfidfTransformer, *, binary: bool) -> words.Weighing:
    idf = getattr(step, "idf_", None)
    if idf is not None and not np.isfinite(idf).all():
        raise NotLowered("TfidfTransformer gives a term an infinite weight")
    return words.Weighing(
        binary=binary,
        sublinear=bool(step.sublinear_tf),
        idf=None if idf is None else tuple(np.asarray(idf, dtype=np.float64).tolist()),
        norm=None if step.norm is None else words.Norm(step.norm),
    )


def _reweighed(step: TfidfTransformer, values: Sequence[Value], draft: Draft) -> list[Value]:
    """Return the weights of terms that were counted by the step before."""
    slots = [value.slot for value in values if isinstance(value, Number)]
    for op, first in draft.slots.items():
        if isinstance(op, words.Words) and slots == list(range(first, first + op.width)) and len(slots) == len(values):
            if op.weighing != words.Weighing(binary=op.weighing.binary):
                break
            made = msgspec.structs.replace(op, weighing=_tfidf(step, binary=op.weighing.binary))
            return _numbers(draft.add(made), made.width)
    raise NotLowered("TfidfTransformer takes something else than counts of words")


def _numbers(first: int, width: int) -> list[Value]:
    return [Number(slot=slot, known=True) for slot in range(first, first + width)]


STEPS: Mapping[type, Callable[[Any, Sequence[Value], Draft], list[Value]]] = {
    CountVectorizer: _vectorised,
    TfidfTransformer: _reweighed,
    TfidfVectorizer: _vectorised,
    Words: _words,
}
"""Each step and what it does."""
