"""Why something is not lowered."""

from __future__ import annotations

import re

_LINK = re.compile(r"\(?https?://\S+")
"""Where other projects collect reports of errors; this one is not theirs."""


class NotLowered(Exception):
    """Raised when a pipeline, or a step of one, can't be turned into a plan that gives exactly its answers.

    The message is a fragment of a sentence that ends up in a version's ladder, such as "QuantileTransformer is no
    step that Carafe lowers". Nothing is broken: the next rung of the ladder answers instead.
    """


def shortened(text: str, most: int) -> str:
    """Return words on one line, without links, cut behind a word where there are more than ``most`` letters."""
    words = " ".join(_LINK.sub("", text).split())
    if len(words) <= most:
        return words
    kept = words[: most - 3]
    whole = kept if words[most - 3] == " " else kept.rpartition(" ")[0]
    return (whole or kept).rstrip() + "..."
