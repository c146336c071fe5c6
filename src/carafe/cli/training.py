"""A training run on the terminal: its progress while it lasts, what came of it afterwards."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.table import Table

from carafe.access.account import account
from carafe.cli.escapes import printable
from carafe.cli.recipes import Order
from carafe.cli.terminal import add_row, console, table
from carafe.errors import AliasNotFound
from carafe.models.manifest import Metric
from carafe.registry import Promotion, Registry, Version
from carafe.registry.compatibility import breaks
from carafe.schema import ModelRef
from carafe.schema.exchange import CHAMPION, check_name
from carafe.training.progress import Progress, Step
from carafe.training.publication import name_from, publish_result
from carafe.training.report import Report, report_of
from carafe.training.result import TrainingResult
from carafe.training.run import train

BAR = 30
"""The width of the bar of the most important column."""

SHOWN = 15
"""How many columns' importance is shown."""


def model_name(order: Order) -> str:
    """Return the name to publish under, checked before anything is computed.

    Raises:
        InvalidName: when the name that was asked for is not well formed.
    """
    asked = order.recipe.data.name
    return check_name(asked or name_from(order.recipe.data.source))


def run(order: Order) -> TrainingResult:
    """Read the table and train, with a progress bar on standard error where that is a terminal."""
    with _bar() as progress:
        progress(Step(done=0.0, doing="reading the table"))
        return train(order.reading.table(), recipe=order.recipe, progress=progress)


def publish(result: TrainingResult, *, name: str, registry: Registry, promote: Promotion, reason: str) -> Version:
    """Make the trained model a version."""
    return publish_result(result, name=name, registry=registry, promote=promote, by=account(), reason=reason)


def broken(registry: Registry, version: Version) -> str:
    """Return what callers would notice if a version took the champion's place; nothing where they would not."""
    try:
        champion = registry.resolve(ModelRef(name=version.name, alias=CHAMPION))
    except AliasNotFound:
        return ""
    found = breaks(version.manifest, champion.manifest)
    return f"{version} would break the callers of {champion} (champion): {'; '.join(found)}" if found else ""


def document(result: TrainingResult, version: Version, *, broken: str) -> dict[str, object]:
    """Return the result and where it was published as a JSON document."""
    published = {
        "name": version.name,
        "version": version.number,
        "aliases": version.aliases,
        "verdict": version.verdict,
        "breaks": broken or None,
    }
    return {"published": published, **msgspec.to_builtins(report_of(result))}


def show(result: TrainingResult, version: Version, *, promote: Promotion, broken: str) -> None:
    """Print what was decided, what came of it, what it would break, and what to type next."""
    report, out = report_of(result), console()
    for title, part in (_decisions(report), _candidates(report), _metrics(report), _importance(report)):
        if part.row_count:
            click.echo(f"\n{printable(title)}")  # a table's own title is folded to the table's width
            out.print(part)
    click.echo()
    for line in (
        *(f"Warning: {warning}." for warning in report.warnings),
        *(f"Note: {note}." for note in report.notes),
    ):
        click.echo(printable(line))
    click.echo(f"\nPublished as {version} ({version.verdict}).")
    if broken:
        click.echo(printable(f"Warning: {broken}."))
    click.echo(f"Next: carafe {_next(version, promote)}")


def _next(version: Version, promote: Promotion) -> str:
    """Return the command to type next; after a refused promotion one that looks, not one that promotes all the same."""
    if "champion" in version.aliases:
        return "serve"
    return f"promote {version}" if promote is Promotion.FIRST_ONLY else f"models show {version}"


@contextmanager
def _bar() -> Iterator[Progress]:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    times = (TimeElapsedColumn(), TextColumn("elapsed,"), TimeRemainingColumn(), TextColumn("remaining"))
    with Bar(*columns, *times, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("", total=1.0)

        def tell(step: Step) -> None:
            bar.update(task, completed=step.done, description=printable(step.doing))

        yield tell


def _decisions(report: Report) -> tuple[str, Table]:
    title = f"To predict: {report.target} ({report.task})"
    made = table("column", "role", "decision", "reason")
    for decision in report.decisions:
        add_row(made, decision.column, decision.role, "used" if decision.used else "left out", decision.reason)
    return title, made


def _candidates(report: Report) -> tuple[str, Table]:
    score = report.metrics[0].name if report.metrics else "score"
    title = f"Compared by cross-validation on {report.rows:,} training rows: {score}, smaller is better"
    made = table("algorithm", score, "spread", "seconds", "", "why", numbers=(score, "spread", "seconds"))
    for candidate in report.candidates:
        figures = (_figure(candidate.score), _figure(candidate.deviation), f"{candidate.seconds:.1f}")
        add_row(made, candidate.algorithm, *figures, "chosen" if candidate.chosen else "", candidate.reason)
    return title, made


def _metrics(report: Report) -> tuple[str, Table]:
    about = f"; precision, recall and F1 are those of {report.positive!r}" if report.positive is not None else ""
    title = f"{report.algorithm} on {report.held_out:,} held-out rows{about}"
    made = table("metric", "model", "baseline", numbers=("model", "baseline"))
    for metric in report.metrics:
        add_row(made, _name(metric), _figure(metric.value), _figure(metric.baseline))
    return title, made


def _importance(report: Report) -> tuple[str, Table]:
    score = report.metrics[0].name if report.metrics else "score"
    title = f"How much the {score} grows when a column is shuffled"
    made = table("column", score, "", numbers=(score,))
    largest = max((importance.mean for importance in report.importance), default=0.0)
    for importance in report.importance[:SHOWN]:
        length = round(BAR * max(importance.mean, 0.0) / largest) if largest > 0 else 0
        add_row(made, importance.column, f"{_figure(importance.mean)} ± {_figure(importance.deviation)}", "█" * length)
    return title, made


def _name(metric: Metric) -> str:
    return {"r2": "R²", "roc_auc": "ROC-AUC", "f1": "F1", "mape": "MAPE"}.get(metric.name, metric.name)


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:,.4g}" if abs(value) < 10_000 else f"{value:,.0f}"
