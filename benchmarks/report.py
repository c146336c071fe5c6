"""The figures as text: Markdown tables that read well on a terminal, too, and one line a goal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Figures in rows; the first column names the row."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]

    def __str__(self) -> str:
        widths = [max(len(row[index]) for row in (self.header, *self.rows)) for index in range(len(self.header))]
        rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
        return "\n".join([self.title, "", _line(self.header, widths), _line(rule, widths)]
                         + [_line(row, widths) for row in self.rows])  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A goal beside what was measured."""

    what: str
    goal: str
    measured: str
    met: bool

    def __str__(self) -> str:
        return f"* {'met   ' if self.met else 'MISSED'} {self.what}: {self.measured} (goal {self.goal})"


def at_least(what: str, value: float, goal: float, unit: str) -> Goal:
    """Return a goal that is met by ``value`` of at least ``goal``."""
    return Goal(what=what, goal=f">= {goal:g}{unit}", measured=f"{figure(value)}{unit}", met=value >= goal)


def at_most(what: str, value: float, goal: float, unit: str) -> Goal:
    """Return a goal that is met by ``value`` of at most ``goal``."""
    return Goal(what=what, goal=f"<= {goal:g}{unit}", measured=f"{figure(value)}{unit}", met=value <= goal)


def figure(value: float) -> str:
    """Return a figure with three digits that count, thousands apart."""
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}" if abs(value) >= 1 else f"{value:.3f}"


def lines(goals: Iterable[Goal]) -> str:
    """Return the goals, one a line."""
    return "\n".join(str(goal) for goal in goals)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = (
        cell.ljust(width) if index == 0 else cell.rjust(width)
        for index, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return f"| {' | '.join([first, *rest])} |"
