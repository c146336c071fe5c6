"""Why something is not lowered."""

from __future__ import annotations


class NotLowered(Exception):
    """Raised when a pipeline, or a step of one, can't be turned into a plan that gives exactly its answers.

    The message is a fragment of a sentence that ends up in a version's ladder, such as "QuantileTransformer is no
    step that Carafe lowers". Nothing is broken: the next rung of the ladder answers instead.
    """
