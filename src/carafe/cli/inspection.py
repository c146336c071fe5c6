"""What ``carafe inspect`` found out about a table, for people and for machines."""

from __future__ import annotations

from dataclasses import dataclass

from rich.table import Table
from rich.text import Text

from carafe import tables
from carafe.cli import terminal
from carafe.cli.escapes import printable
from carafe.errors import UntrainableTable
from carafe.schema import Task
from carafe.tables import ColumnProfile, Leak, Profile, find_leaks, infer_task, profile_table

COLUMNS = ("column", "role", "missing", "distinct", "range", "examples", "decision")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """A table's profile, and what stands in the way of learning its target."""

    source: str
    profile: Profile
    task: Task | None = None
    obstacle: str | None = None
    leaks: tuple[Leak, ...] = ()


def inspect_table(frame: tables.Table, *, source: str, target: str | None) -> Inspection:
    """Profile a table and, where a target is named, find its task and its leaks.

    Raises:
        UnknownColumn: when there is no such target.
    """
    profile = profile_table(frame, target=target)
    if target is None:
        return Inspection(source=source, profile=profile)
    try:
        task = infer_task(profile, target)
        leaks = find_leaks(frame, profile, target, task=task)
    except UntrainableTable as error:
        return Inspection(source=source, profile=profile, obstacle=str(error))
    return Inspection(source=source, profile=profile, task=task, leaks=leaks)


def document(found: Inspection) -> dict[str, object]:
    """Return the inspection as a document for machines."""
    profile = found.profile
    return {
        "source": found.source,
        "rows": profile.rows,
        "duplicates": profile.duplicates,
        "target": profile.target,
        "task": found.task,
        "obstacle": found.obstacle,
        "columns": [_column(column, profile.rows) for column in profile.columns],
        "leaks": found.leaks,
    }


def show(found: Inspection) -> None:
    """Print the inspection as a table, and below it what to look at before training."""
    console = terminal.console()
    console.print(_table(found))
    for line in _remarks(found):
        console.print(Text(printable(line)))


def _column(column: ColumnProfile, rows: int) -> dict[str, object]:
    return {
        "name": column.name,
        "role": column.role,
        "used": column.used,
        "missing": column.missing,
        "missing_share": column.missing / rows,
        "distinct": column.distinct,
        "minimum": column.minimum,
        "maximum": column.maximum,
        "examples": column.examples,
        "reason": column.reason,
    }


def _table(found: Inspection) -> Table:
    title = f"{found.source}: {found.profile.rows:,} rows"
    table = terminal.table(*COLUMNS, title=title, numbers=("missing", "distinct"))
    leaks = {leak.column: leak for leak in found.leaks if leak.drop}
    for column in found.profile.columns:
        missing = f"{column.missing / found.profile.rows:.1%}" if column.missing else "-"
        cells = (column.name, column.role, missing, f"{column.distinct:,}", _range(column), _examples(column))
        terminal.add_row(table, *cells, _decision(column, found, leaks.get(column.name)))
    return table


def _decision(column: ColumnProfile, found: Inspection, leak: Leak | None) -> str:
    if column.name == found.profile.target:
        return f"target of a {found.task}: {column.reason}" if found.task else f"target: {column.reason}"
    if leak is not None:
        return f"left out, it leaks: {leak.reason}"
    return f"used: {column.reason}" if column.used else f"left out: {column.reason}"


def _remarks(found: Inspection) -> list[str]:
    lines = []
    if found.obstacle is not None:
        lines.append(f"Can't be learnt: {found.obstacle}.")
    lines += [f"Leak: {leak.column}: {leak.reason}." for leak in found.leaks]
    if found.profile.duplicates:
        count = "1 row repeats" if found.profile.duplicates == 1 else f"{found.profile.duplicates:,} rows repeat"
        lines.append(f"Duplicates: {count} an earlier one; a split may put one on each side, where it is no evidence.")
    return lines


def _range(column: ColumnProfile) -> str:
    if column.minimum is None or column.maximum is None:
        return "-"
    return f"{_bound(column.minimum)} to {_bound(column.maximum)}"


def _bound(value: float | str) -> str:
    return value.removesuffix("T00:00:00") if isinstance(value, str) else f"{value:,.6g}"


def _examples(column: ColumnProfile) -> str:
    return ", ".join(text if len(text) <= 24 else text[:23] + "…" for text in column.examples)
