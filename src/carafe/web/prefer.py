"""How long a client would wait for an answer: ``Prefer: wait=10``, RFC 7240."""

from __future__ import annotations

LONGEST = 6
"""Digits of a number of seconds that is taken; a longer one is no preference, nor is what is no number."""


def preferred_wait(header: str | None) -> float | None:
    """Return the seconds that a Prefer header asks to wait at most; None where it names none that can be read."""
    for part in (header or "").split(","):
        name, _, value = part.partition(";")[0].partition("=")
        text = value.strip().strip('"')
        if name.strip().lower() == "wait" and text.isascii() and text.isdigit() and len(text) <= LONGEST:
            return float(text)
    return None
