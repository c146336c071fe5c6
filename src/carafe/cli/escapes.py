"""Text from tables and files, made harmless for a terminal."""

from __future__ import annotations


def printable(text: str) -> str:
    """Return the text without what a terminal would obey, such as escape sequences."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
