"""Texts for tests: words that come again, and whatever else Unicode has."""

from __future__ import annotations

from hypothesis import strategies as st

SENTENCES = (
    "Win a free prize, call now",
    "call me now or call me later",
    "the quiet house near the old harbour",
    "The House is quiet; the café (naïve) is not!",
    "free free FREE call 0800 123 now_now",
    "Ünïcödé ĲSSEL ﬁne Straße İstanbul",
    "don't e-mail: a b c",
    "a\tb\n\nc  free\u00a0call",
) * 8

_PIECES = (
    *("free", "Call", "NOW", "the", "house", "quiet", "me", "a", "café", "cafe\u0301", "CAFÉ", "İ", "ß", "ﬁne", "x"),
    *("Straße", "now_now", "0800", "1", "_", "don't", "ĳssel", "\u0301", "£", "日本", "\x00", "😀"),
)
_BLANKS = (" ", "  ", "\n", "\t ", "\u00a0", ", ", "-", "")

texts = st.text(max_size=12) | st.lists(st.sampled_from(_PIECES) | st.sampled_from(_BLANKS), max_size=30).map("".join)
"""A text of any characters, or of known words and blanks of many kinds between them."""

sentences = st.lists(st.sampled_from(_PIECES), max_size=30).map(" ".join)
"""Known words with a blank between them, many of them several times."""
