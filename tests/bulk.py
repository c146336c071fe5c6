"""Scoring jobs for tests: versions that answer by a rule, and the shortest way to let one answer a file."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

from carafe.jobs.scoring.formats import format_of
from carafe.jobs.scoring.order import Order
from carafe.jobs.scoring.run import Progress, score_table, silent
from carafe.jobs.scoring.sources.source import Layout
from carafe.jobs.scoring.terms import Answerer, Reading, Summary, Writing
from carafe.schema import Prediction, Rows
from served import RULES

Rule = Callable[[Rows], Prediction]


def answerer(
    rule: str = "houses", *, number: int = 1, ask: Rule | None = None, probabilities: bool = False
) -> Answerer:
    """Return a version that answers by the rule of this name, or by ``ask``."""
    signature, known = RULES[rule]
    chosen = ask or known

    def answer(rows: Rows) -> Prediction:
        full = chosen(rows)
        return full if probabilities else Prediction(values=full.values)

    return Answerer(name=f"{rule}@{number}", artefact=f"digest {number}", signature=signature, ask=answer)


def score(
    source: Path,
    target: Path,
    *,
    by: Answerer | None = None,
    order: Order = Order(),  # noqa: B008 - frozen
    layout: Layout = Layout(),  # noqa: B008 - frozen
    force: bool = False,
    progress: Progress = silent,
) -> Summary:
    """Let a version, the houses' by default, answer a file."""
    reading = Reading(source=source, format=format_of(source), layout=layout)
    writing = Writing(target=target, format=format_of(target), force=force)
    return score_table(by or answerer(), reading, writing, order=order, progress=progress)


def lines_of(path: Path) -> list[list[str]]:
    """Return a CSV file's records, the header first."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))
