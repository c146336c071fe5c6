"""A training result as plain data: what machines read, and what jobs will store."""

from __future__ import annotations

import msgspec

from carafe.models.manifest import Candidate, Confusion, Importance, Metric
from carafe.schema import Label, Signature
from carafe.training.decisions import Decision
from carafe.training.result import TrainingResult


class Report(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that a result holds besides the model and its rows; ``recipe`` is TOML."""

    target: str
    task: str
    algorithm: str
    metrics: tuple[Metric, ...]
    positive: Label | None
    confusion: Confusion | None
    importance: tuple[Importance, ...]
    candidates: tuple[Candidate, ...]
    decisions: tuple[Decision, ...]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]
    rows: int
    held_out: int
    data_sha256: str
    holdout_sha256: str
    seed: int
    signature: Signature
    recipe: str


def report_of(result: TrainingResult) -> Report:
    """Return what a training result says."""
    return Report(
        target=result.signature.target.name,
        task=str(result.signature.target.task),
        algorithm=result.recipe.model.algorithm,
        metrics=result.metrics,
        positive=result.positive,
        confusion=result.confusion,
        importance=result.importance,
        candidates=result.candidates,
        decisions=result.decisions,
        notes=result.notes,
        warnings=result.warnings,
        rows=result.rows,
        held_out=result.holdout.data.count,
        data_sha256=result.data_sha256,
        holdout_sha256=result.holdout.sha256,
        seed=result.recipe.split.seed,
        signature=result.signature,
        recipe=result.recipe.to_toml(),
    )
