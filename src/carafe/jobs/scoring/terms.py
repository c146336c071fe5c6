"""The terms of a job: what is read and written, who answers, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self

from carafe.jobs.scoring.checkpoint import Counts
from carafe.jobs.scoring.formats import Format
from carafe.jobs.scoring.score import Ask
from carafe.jobs.scoring.sources.source import Layout
from carafe.models import Model
from carafe.registry import Version
from carafe.schema import Signature


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What is read: a file, or a stream that can't be read twice."""

    source: Path | BinaryIO
    format: Format
    layout: Layout


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """What is written: a file, or a stream."""

    target: Path | BinaryIO
    format: Format
    rejected: Path | None = None
    """The file of rejected rows; beside the output where None."""
    force: bool = False
    """Whether finished files may be replaced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answerer:
    """The version that answers."""

    name: str
    """Name and number: ``houses@3``."""
    artefact: str
    """The digest of its manifest."""
    signature: Signature
    ask: Ask

    @classmethod
    def of(cls, version: Version, model: Model, *, probabilities: bool) -> Self:
        """Return a published version that was loaded."""
        return cls(
            name=str(version),
            artefact=version.digest,
            signature=model.signature,
            ask=lambda rows: model.predict(rows, probabilities=probabilities),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """How far a job is."""

    done: float
    """The share of the input that is read, 0 to 1; 0 throughout where its size is not known."""
    counts: Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What came of a job."""

    version: str
    counts: Counts
    seconds: float
    resumed: int
    """How many rows an earlier, interrupted run had been through."""
    restarted: str
    """Why the part of an earlier run was not gone on with; empty where there was none, or it was."""
    output: Path | None
    rejected: Path | None
    """The file of rejected rows; None where all were scored."""
    carried: tuple[str, ...]
    """The columns that are no columns of the model, and were only carried along."""
