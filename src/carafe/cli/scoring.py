"""A scoring job on the terminal: its progress while it lasts, what came of it afterwards."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import BinaryIO

import click

from carafe.cli.escapes import printable
from carafe.cli.home import opened_registry
from carafe.jobs.scoring.formats import STANDARD, Format, format_of
from carafe.jobs.scoring.order import Order
from carafe.jobs.scoring.run import Progress, score_table, silent
from carafe.jobs.scoring.sources.source import Layout
from carafe.jobs.scoring.terms import Answerer, Reading, Summary, Writing
from carafe.models.artefact import load_model
from carafe.schema import ModelRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the command line says."""

    ref: str
    data: Path
    output: Path
    force: bool
    input_format: str | None
    output_format: str | None
    probabilities: bool
    ids: tuple[str, ...]
    only_predictions: bool
    prediction_column: str
    rejected: Path | None
    strict: bool
    delimiter: str | None
    encoding: str | None
    decimal: str
    nulls: tuple[str, ...]
    no_quotes: bool

    @property
    def order(self) -> Order:
        """What is written beside the answers."""
        if self.only_predictions and self.ids:
            raise click.UsageError("--only-predictions and --id exclude each other")
        keep = tuple(dict.fromkeys(self.ids)) if self.ids or self.only_predictions else None
        return Order(probabilities=self.probabilities, prediction=self.prediction_column, keep=keep, strict=self.strict)

    @property
    def reading(self) -> Reading:
        """What is read."""
        given = Format(self.input_format) if self.input_format else None
        layout = Layout(
            delimiter=self.delimiter,
            encoding=self.encoding,
            decimal=self.decimal,
            nulls=self.nulls,
            quotes=not self.no_quotes,
        )
        return Reading(
            source=_place(self.data, sys.stdin.buffer),
            format=format_of(self.data, given=given, option="--input-format"),
            layout=layout,
        )

    @property
    def writing(self) -> Writing:
        """What is written."""
        given = Format(self.output_format) if self.output_format else None
        return Writing(
            target=_place(self.output, sys.stdout.buffer),
            format=format_of(self.output, given=given, option="--format"),
            rejected=self.rejected,
            force=self.force,
        )


def run(wish: Wish) -> Summary:
    """Score the table, and say on standard error what came of it."""
    order, reading, writing = wish.order, wish.reading, wish.writing
    with opened_registry() as registry:
        version = registry.resolve(ModelRef.parse(wish.ref))
        model = load_model(registry.fetch(version))
    answerer = Answerer.of(version, model, probabilities=order.probabilities)
    try:
        with _bar(str(version)) as progress:
            summary = score_table(answerer, reading, writing, order=order, progress=progress)
    except KeyboardInterrupt:
        both = isinstance(reading.source, Path) and isinstance(writing.target, Path)
        if both and Path(f"{writing.target}.checkpoint").exists():
            click.echo("interrupted; the same command goes on from the last finished batch", err=True)
        raise
    for line in _told(summary):
        click.echo(printable(line), err=True)
    return summary


def _place(path: Path, standard: BinaryIO) -> Path | BinaryIO:
    return standard if str(path) == STANDARD else path


@contextmanager
def _bar(title: str) -> Iterator[Progress]:
    if sys.stderr.isatty():
        with import_module("carafe.cli.scoring_bar").bar(title) as progress:
            yield progress
    else:
        yield silent


def _told(summary: Summary) -> Iterator[str]:
    counts = summary.counts
    if summary.restarted:
        yield f"began anew, not where an earlier run stopped: {summary.restarted}"
    if summary.resumed:
        yield f"went on after the {summary.resumed:,} rows of an earlier run"
    to = f" to {summary.output}" if summary.output else ""
    yield f"{summary.version} scored {counts.scored:,} rows in {summary.seconds:.1f} s{to}"
    if summary.carried:
        yield f"not used by the model, only carried along: {', '.join(summary.carried[:20])}"
    if counts.unseen:
        yield f"{counts.unseen:,} category values were none that training met"
    if counts.rejected:
        yield f"{counts.rejected:,} rows don't fit the model and were left out; {summary.rejected} says why"
