"""A version, and a list of versions, for people and for machines."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from rich.table import Table
from rich.text import Text

from carafe.cli.escapes import printable
from carafe.cli.terminal import add_row, console, moment, print_json, table
from carafe.models.manifest import Manifest
from carafe.registry import Page, Version
from carafe.schema import Column

_SHOWN_CATEGORIES = 8
_COMPARED = ("rows compared", "largest difference")


def document(version: Version) -> dict[str, object]:
    """Return what is known about a version as a JSON document."""
    return {
        "name": version.name,
        "version": version.number,
        "created": version.created,
        "aliases": version.aliases,
        "digest": version.digest,
        "verdict": version.verdict,
        "manifest": msgspec.to_builtins(version.manifest),
    }


def page_as_json(page: Page[Version]) -> None:
    """Print a page of versions as JSON."""
    items = [document(version) for version in page.items]
    print_json({"items": items, "total": page.total, "page": page.page, "size": page.size})


def show_page(page: Page[Version]) -> None:
    """Print a page of versions as a table, with the main figure of each beside its baseline's."""
    made = table(
        "version", "created", "algorithm", "main figure", "baseline", "aliases", "when published", numbers=("version",)
    )
    for version in page.items:
        manifest = version.manifest
        figure = manifest.metrics[0] if manifest.metrics else None
        value = f"{figure.name} {figure.value:.4g}" if figure else "-"
        baseline = _figure(figure.baseline if figure else None)
        aliases = ", ".join(version.aliases) or "-"
        cells = (version, moment(version.created), manifest.algorithm, value, baseline, aliases, version.verdict)
        add_row(made, *cells)
    console().print(made)


def show(version: Version) -> None:
    """Print everything about a version that a person may want to know."""
    out = console()
    for part in (_facts(version), *_tables(version.manifest)):
        out.print(part)


def _facts(version: Version) -> Table:
    manifest, origin = version.manifest, version.manifest.provenance
    facts = {
        "aliases": ", ".join(version.aliases) or "none",
        "when published": version.verdict,
        "task": f"{manifest.task} of {manifest.signature.target.name}",
        "classes": _some([str(label) for label in manifest.signature.target.classes]),
        "algorithm": f"{manifest.algorithm} ({manifest.flavour})",
        "published": moment(version.created),
        "data": _joined(origin.source, f"{origin.rows:,} rows" if origin.rows else ""),
        "seed": "" if origin.seed is None else str(origin.seed),
        "made with": ", ".join(
            (f"carafe {origin.carafe}", f"python {origin.python}", *(f"{name} {tag}" for name, tag in origin.libraries))
        ),
        "digest": version.digest,
        "recipe": f"carafe models show {version} --recipe" if manifest.recipe else "",
    }
    grid = Table.grid(padding=(0, 2))
    grid.title, grid.title_justify = Text(str(version)), "left"
    for name, value in facts.items():
        if value:
            grid.add_row(Text(name, style="bold"), Text(printable(value)))
    return grid


def _tables(manifest: Manifest) -> Iterator[Table]:
    yield _columns(manifest.signature.columns)
    if manifest.metrics:
        made = table("on rows never seen", "model", "baseline", numbers=("model", "baseline"))
        for metric in manifest.metrics:
            add_row(made, metric.name, _figure(metric.value), _figure(metric.baseline))
        yield made
    if manifest.confusion is not None:
        labels = tuple(map(str, manifest.confusion.labels))
        made = table("truth \\ answer", *labels, numbers=labels)
        for label, counts in zip(labels, manifest.confusion.counts, strict=True):
            add_row(made, label, *counts)
        yield made
    if manifest.importance:
        made = table("column", "importance", "deviation", numbers=("importance", "deviation"))
        for part in sorted(manifest.importance, key=lambda part: -part.mean):
            add_row(made, part.column, _figure(part.mean), _figure(part.deviation))
        yield made
    yield from _choices(manifest)


def _columns(columns: tuple[Column, ...]) -> Table:
    made = table("field", "kind", "may be null", "met in training")
    for column in columns:
        add_row(made, column.name, column.kind, "yes" if column.nullable else "no", _met(column))
    return made


def _choices(manifest: Manifest) -> Iterator[Table]:
    """Yield what was compared, and why one was chosen: algorithms in training, ways to run the model in publishing."""
    if manifest.candidates:
        made = table(
            "algorithm", "score", "deviation", "seconds", "decision", numbers=("score", "deviation", "seconds")
        )
        for candidate in manifest.candidates:
            figures = (_figure(candidate.score), _figure(candidate.deviation), _figure(candidate.seconds))
            add_row(made, candidate.algorithm, *figures, _decision(candidate.chosen, candidate.reason))
        yield made
    if manifest.ladder:
        made = table("runs as", "chosen", "rows compared", "largest difference", "reason", numbers=_COMPARED)
        for rung in manifest.ladder:
            rows = f"{rung.rows:,}" if rung.rows else "-"
            add_row(made, rung.name, "yes" if rung.chosen else "no", rows, _difference(rung.difference), rung.reason)
        yield made


def _decision(chosen: bool, reason: str) -> str:  # noqa: FBT001 - the two go together
    return _joined("chosen" if chosen else "", reason) or "-"


def _met(column: Column) -> str:
    if column.categories:
        return _some([str(value) for value in column.categories])
    if column.minimum is None or column.maximum is None:
        return "-"
    return f"{column.minimum:,.6g} to {column.maximum:,.6g}"


def _some(values: list[str]) -> str:
    more = len(values) - _SHOWN_CATEGORIES
    return ", ".join(values[:_SHOWN_CATEGORIES]) + (f" and {more:,} more" if more > 0 else "")


def _joined(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


def _difference(value: float | None) -> str:
    return "-" if value is None else f"{value:.1e}" if value else "0"


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"
