"""How a text becomes terms: the words, runs of words or runs of characters that scikit-learn's vectorisers count.

The same terms as `sklearn.feature_extraction.text`, which can't be imported where scikit-learn is absent; a test holds
the two together.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from itertools import islice
from typing import Annotated, Literal

import msgspec

Pattern = Literal[
    r"(?u)\b\w\w+\b",
    r"(?u)\b\w+\b",
    r"(?u)\b\w{2,}\b",
    r"(?u)\b\w{3,}\b",
    r"(?u)\b\w\w\w+\b",
    r"(?u)\w+",
    r"(?u)\w\w+",
    r"\b\w\w+\b",
    r"\b\w+\b",
    r"\b\w{2,}\b",
    r"\b\w{3,}\b",
    r"\b\w\w\w+\b",
    r"\w+",
    r"\w\w+",
    r"\w{2,}",
    r"\b[^\d\W]+\b",
    r"(?u)\b[^\d\W]+\b",
    r"\b[a-z]+\b",
    r"\b[a-zA-Z]+\b",
    r"\b[A-Za-z]+\b",
    r"\b[a-zA-Z]{2,}\b",
    r"\b[a-zA-Z]{3,}\b",
    r"\b[a-zA-Z0-9]+\b",
    r"[a-z]+",
    r"[a-zA-Z]+",
    r"[A-Za-z]+",
    r"[a-zA-Z0-9]+",
    r"\S+",
    r"[^\s]+",
]
"""The token patterns that a plan may have. Each reads any text in time proportional to its length.

A stored model is not trusted, and a regular expression can be written to take years for a text of forty characters.
Which ones do is hard to tell from looking; these do not.
"""

MAX_RUN = 16
"""The longest run of words or characters that a plan counts: a text has as many runs for each length as it is long."""

Length = Annotated[int, msgspec.Meta(ge=1, le=MAX_RUN)]

Analyse = Callable[[str], Iterable[str]]
"""From a text to its terms, each as often as it stands there; runs one after the other, for a long text has many."""


class Terms(StrEnum):
    """What is counted, named as scikit-learn's ``analyzer``."""

    WORDS = "word"
    """Runs of tokens, a blank between them."""
    CHARACTERS = "char"
    """Runs of characters."""
    WITHIN_WORDS = "char_wb"
    """Runs of characters of one word, which has a blank at either end."""


class Accents(StrEnum):
    """Which marks are taken off letters, named as scikit-learn's ``strip_accents``."""

    UNICODE = "unicode"
    ASCII = "ascii"


class Analysis(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """From a text to terms. ``pattern`` and ``stop_words`` are for words alone.

    Raises:
        ValueError: when the shortest run is longer than the longest, or words have no pattern.
    """

    terms: Terms
    lowercase: bool
    accents: Accents | None = None
    pattern: Pattern | None = None
    stop_words: tuple[str, ...] = ()
    shortest: Length = 1
    longest: Length = 1

    def __post_init__(self) -> None:
        if self.shortest > self.longest or (self.terms is Terms.WORDS and self.pattern is None):
            raise ValueError(f"runs of {self.shortest} to {self.longest} {self.terms}s of pattern {self.pattern!r}")


def analyser(analysis: Analysis) -> Analyse:
    """Return the function from a text to its terms."""
    prepare = _preparer(analysis)
    shortest, longest = analysis.shortest, analysis.longest
    if analysis.terms is Terms.WORDS:
        return _word_analyser(analysis, prepare)
    cut = _runs_of_characters if analysis.terms is Terms.CHARACTERS else _runs_within_words
    return lambda text: cut(prepare(text), shortest, longest)


def _preparer(analysis: Analysis) -> Callable[[str], str]:
    strip = {None: None, Accents.UNICODE: _without_marks, Accents.ASCII: _ascii}[analysis.accents]
    lower = str.lower if analysis.lowercase else None
    if strip is None or lower is None:
        return strip or lower or str
    return lambda text: strip(lower(text))


def _without_marks(text: str) -> str:
    if text.isascii():
        return text
    apart = unicodedata.normalize("NFKD", text)
    marks = [ord(each) for each in set(apart) if each > "\x7f" and unicodedata.combining(each)]
    return apart.translate(dict.fromkeys(marks)) if marks else apart


def _ascii(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")


def _word_analyser(analysis: Analysis, prepare: Callable[[str], str]) -> Analyse:
    find = re.compile(str(analysis.pattern)).findall
    shortest, longest = analysis.shortest, analysis.longest
    stop_words = frozenset(analysis.stop_words)

    def analyse(text: str) -> Iterable[str]:
        tokens: list[str] = find(prepare(text))
        if stop_words:
            tokens = [token for token in tokens if token not in stop_words]
        return tokens if longest == 1 else _runs_of_words(tokens, shortest, longest)

    return analyse


def _runs_of_words(tokens: list[str], shortest: int, longest: int) -> Iterator[str]:
    if shortest == 1:
        yield from tokens
    for length in range(max(shortest, 2), longest + 1):
        yield from map(" ".join, zip(*(islice(tokens, start, None) for start in range(length)), strict=False))


def _runs_of_characters(text: str, shortest: int, longest: int) -> Iterator[str]:
    squeezed = _BLANKS.sub(" ", text)
    count = len(squeezed)
    for length in range(shortest, min(longest, count) + 1):
        for start in range(count - length + 1):
            yield squeezed[start : start + length]


def _runs_within_words(text: str, shortest: int, longest: int) -> Iterator[str]:
    for word in text.split():
        padded = f" {word} "
        for length in range(shortest, longest + 1):
            for start in range(max(1, len(padded) - length + 1)):
                yield padded[start : start + length]
            if length >= len(padded):  # a word that is shorter than a run counts once
                break


_BLANKS = re.compile(r"\s\s+")
