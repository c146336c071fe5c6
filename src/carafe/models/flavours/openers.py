"""Find text vectorisers that open what a text names: fitted with ``input="filename"``, they read files.

scikit-learn takes that for a convenience. Behind a service each request would name a file, and ``transform`` would show
its words.
"""

from __future__ import annotations

from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer

from carafe.errors import CorruptArtefact, UnsupportedModel
from carafe.models.flavours.parts import parts_of

_CONTENT = "content"
"""The one ``input`` by which a text is a text."""


def refuse_openers(estimator: object) -> None:
    """Refuse to publish an estimator that opens what a text names.

    Raises:
        UnsupportedModel: when there is such a vectoriser inside it.
    """
    found = _opener(estimator)
    if found is not None:
        raise UnsupportedModel(
            f"{found} would open whatever a request names: read the texts yourself, and fit it with input='{_CONTENT}'"
        )


def check_openers(estimator: object) -> None:
    """Check every text vectoriser inside a loaded estimator.

    Raises:
        CorruptArtefact: when one opens what a text names.
    """
    found = _opener(estimator)
    if found is not None:
        raise CorruptArtefact(f"model.skops: holds {found}, which would open whatever a request names")


def _opener(estimator: object) -> str | None:
    """Return the first such vectoriser as its author wrote it, or None; TfidfVectorizer is a CountVectorizer."""
    for part in parts_of(estimator):
        if isinstance(part, (CountVectorizer, HashingVectorizer)) and part.input != _CONTENT:
            return f"{type(part).__name__}(input={part.input!r})"
    return None
