"""The last run in docs/performance.md, between two marks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from benchmarks.options import HERE
from benchmarks.parts.part import AnyPart
from benchmarks.report import Goal, Table, lines
from benchmarks.results import Results, Taken

PAGE = HERE.parent / "docs" / "performance.md"
BEGIN = "<!-- written by `./benchmarks/run --docs`: begin -->"
END = "<!-- written by `./benchmarks/run --docs`: end -->"


def told(results: Results, parts: Sequence[AnyPart]) -> str:
    """Return the goals and tables of the parts that were measured as Markdown."""
    tables, goals, told_once = list[Table](), list[Goal](), list[str]()
    for part in parts:
        if section := results.sections.get(part.name):
            figures = msgspec.json.decode(section.figures, type=part.figures)
            tables += part.tables(figures)
            goals += part.goals(figures)
            told_once.append(f"* {part.name}: {_taken(section.taken)}")
    machine = "".join(f"{machine}.\n" for machine in _machines(results, parts))
    return "\n\n".join([machine + "\n" + "\n".join(told_once), lines(goals), *map(str, tables)])


def write_page(text: str, page: Path = PAGE) -> None:
    """Put ``text`` between the marks of a page, in place of what stood there."""
    before, begin, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page.name}: the marks {BEGIN} and {END} are gone; put them back where the figures belong")
    page.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")


def _machines(results: Results, parts: Sequence[AnyPart]) -> list[str]:
    sections = [results.sections[part.name] for part in parts if part.name in results.sections]
    return list(dict.fromkeys(str(section.taken.machine) for section in sections))


def _taken(taken: Taken) -> str:
    return (
        f"{taken.at:%Y-%m-%d %H:%M} UTC, Carafe {taken.carafe}, {taken.rounds} rounds of {taken.seconds:g} s, "
        f"load of the machine before: {taken.load_average:.1f}"
    )
