"""What a training run gives back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from carafe.models.manifest import Candidate, Confusion, Importance, Metric
from carafe.schema import Label, Signature
from carafe.training.decisions import Decision
from carafe.training.labelled import Labelled
from carafe.training.recipe import Recipe


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Holdout:
    """The rows that the model has never seen, with their answers; ``sha256`` is the digest of all columns as read."""

    data: Labelled
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrainingResult:
    """A trained model and all that is known about it.

    ``estimator`` is a fitted scikit-learn Pipeline (``prepare``, ``model``) that takes frames of
    `carafe.models.frames.polars_frame`. ``recipe`` has every choice filled in: trained again on the same table, it
    gives the same model, however much time there is. ``rows`` were learnt from.
    """

    estimator: Any
    signature: Signature
    recipe: Recipe
    metrics: tuple[Metric, ...]
    importance: tuple[Importance, ...]
    confusion: Confusion | None
    positive: Label | None
    candidates: tuple[Candidate, ...]
    decisions: tuple[Decision, ...]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]
    holdout: Holdout
    rows: int
    data_sha256: str
