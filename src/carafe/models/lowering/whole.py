"""The second rung: whatever of a pipeline ONNX's converters can take, in single precision where they know no other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from carafe.models.container import Container
from carafe.models.lowering.lower import lower
from carafe.models.lowering.lowered import Lowered
from carafe.schema import Signature


def convert_whole(
    estimator: Any,  # noqa: ANN401 - scikit-learn ships no types
    *,
    signature: Signature,
    container: Container,
) -> tuple[Lowered, Mapping[str, bytes]]:
    """Return a fitted estimator as ``lower`` does, single precision allowed: to be proved to 1e-6 and not to 1e-9.

    What stands behind the last step that has a plan is one graph, down to all of a pipeline where no step has one.
    Columns of words that no plan encodes are not among what it takes: in ONNX they depend on the system's locale.

    Raises:
        NotLowered: when something in it can't be converted either; says what and why.
    """
    return lower(estimator, signature=signature, container=container, single=True)
