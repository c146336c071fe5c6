"""Whole files answered by a loaded version, in bounded memory. Loads polars, so import it only for that."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from carafe.jobs.scoring.formats import format_of
from carafe.jobs.scoring.order import Order
from carafe.jobs.scoring.run import score_table
from carafe.jobs.scoring.sources.source import Layout
from carafe.jobs.scoring.terms import Answerer, Reading, Summary, Writing
from carafe.models import Model
from carafe.registry import Version


def predict_file(
    version: Version,
    model: Model,
    files: tuple[Path, Path],
    *,
    probabilities: bool,
    keep: Sequence[str] | None,
    strict: bool,
    force: bool,
) -> Summary:
    """Answer the first of two files into the second, as ``LoadedModel.predict_file`` says."""
    source, output = files
    order = Order(probabilities=probabilities, keep=None if keep is None else tuple(keep), strict=strict)
    return score_table(
        Answerer.of(version, model, probabilities=probabilities),
        Reading(source=source, format=format_of(source), layout=Layout()),
        Writing(target=output, format=format_of(output), force=force),
        order=order,
    )
