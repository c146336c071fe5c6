"""From the files of a lowered version to the model that answers, once they are consistent with its signature.

They are data, and yet not trusted: whoever imports a version imports them with it. Whatever a request could stumble
over later is looked for here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from carafe.errors import CarafeError, CorruptArtefact
from carafe.models.failure import failed_load
from carafe.models.lowering.graphs import check_graph
from carafe.models.lowering.heads import Chances, Classes, Decision
from carafe.models.lowering.kernel import Constant, Graph, Kernel, Linear, Shares
from carafe.models.lowering.lowered import PLAN, Lowered, LoweredModel, decode_lowered
from carafe.models.model import Model
from carafe.schema import Signature

_GRAPHS = ".onnx"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Loaded:
    """A model, and how far its numbers may be from the native one's, relative: less where all are doubles."""

    model: Model
    tolerance: float


def load_lowered(files: Mapping[str, bytes], *, signature: Signature, native: Callable[[], Model]) -> Loaded:
    """Return the model in ``plan.json`` and the files that it needs, whose digests were checked.

    Args:
        files: by name; others do no harm.
        signature: what the version takes and answers.
        native: loads the native model, for what the lowered one leaves to it.

    Raises:
        CorruptArtefact: when a file is missing, can't be parsed, holds what Carafe never writes, or fits neither the
            signature nor the other files.
        NewerArtefact: when a newer Carafe wrote it.
        LoadFailed: when this machine has not what it takes, such as memory.
    """
    if PLAN not in files:
        raise CorruptArtefact(f"{PLAN}: missing")
    lowered = decode_lowered(files[PLAN])
    _check_inputs(lowered, signature)
    _check_answers(lowered, len(signature.target.classes))
    for name, content in files.items():
        if name.endswith(_GRAPHS):
            check_graph(content, name)
    try:
        model = LoweredModel(lowered, files=files, signature=signature, native=native)
    except CarafeError:
        raise
    except Exception as error:
        raise failed_load(f"{PLAN}: can't be put together", error) from error
    return Loaded(model=model, tolerance=lowered.tolerance)


def _check_inputs(lowered: Lowered, signature: Signature) -> None:
    """Check that the plan reads the signature's own columns."""
    found = [(each.name, each.kind) for each in lowered.plan.inputs]
    if found != [(column.name, column.kind) for column in signature.columns]:
        raise CorruptArtefact(f"{PLAN}: reads other columns than the version takes")
    if lowered.names is not None and len(lowered.names) != len(lowered.plan.outputs):
        raise CorruptArtefact(f"{PLAN}: {len(lowered.names)} names of {len(lowered.plan.outputs)} features")


def _check_answers(lowered: Lowered, classes: int) -> None:
    """Check that the scores are as many as the answers need."""
    head, scores = lowered.head, _scores(lowered.kernel)
    if isinstance(head, Classes):
        sound = classes > 0 and _chances_fit(head, scores, classes) and _decision_fits(head, scores, classes)
    else:
        sound = classes == 0 and scores == 1
    if isinstance(lowered.kernel, Graph):
        sound = sound and all(0 <= column < lowered.kernel.width for column in lowered.kernel.whole)
        sound = sound and lowered.kernel.divisor != 0
    if not sound:
        raise CorruptArtefact(f"{PLAN}: {scores} scores a row can't be the answers of {classes} classes")


def _chances_fit(head: Classes, scores: int, classes: int) -> bool:
    if head.chances is Chances.NONE:
        return True
    if head.chances is Chances.SIGMOID:
        return (scores, classes) == (1, 2)
    return scores - (head.decision is Decision.NAMED) == classes


def _decision_fits(head: Classes, scores: int, classes: int) -> bool:
    if head.decision in {Decision.POSITIVE, Decision.NOT_NEGATIVE}:
        return (scores, classes) == (1, 2)
    if head.decision is Decision.LIKELIEST:
        return head.chances is not Chances.NONE
    return scores == classes + (head.decision is Decision.NAMED)


def _scores(kernel: Kernel) -> int:
    """Return how many scores a row has."""
    if isinstance(kernel, Constant):
        return len(kernel.scores)
    if isinstance(kernel, Linear):
        return len(kernel.intercepts)
    return 2 if isinstance(kernel, Shares) else kernel.outputs
