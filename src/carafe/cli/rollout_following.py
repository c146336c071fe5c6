"""A rollout on the terminal: a picture that moves where it is one, a line for each change where it is not."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

import click
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from carafe.cli.escapes import printable
from carafe.cli.terminal import add_row, console, moment, table
from carafe.registry import Registry, Rollout, State, Watched
from carafe.registry.rollout_decision import decide
from carafe.registry.rollout_figures import Counts

INTERVAL = 0.5
"""Seconds between two looks."""

QUIET = 5.0
"""After how many seconds without a sign of a service it is said that there may be none."""

INTERRUPTED = 130
"""The exit code of a command that Ctrl-C ended, as shells tell it: 128 and the number of SIGINT."""

_NOBODY = "no service watches it: `carafe serve` goes on where it is"

_COLUMNS = ("step", "share", "version", "requests", "failed", "refused", "turned away", "median", "p95")


@dataclass(slots=True)
class _Pulse:
    """Whether services still watch a rollout: its time goes on, or their figures do."""

    seen: tuple[object, ...] = ()
    since: float = 0.0

    def quiet(self, watched: Watched) -> bool:
        """Tell whether nothing has moved for long."""
        rollout = watched.rollout
        now, seen = time.monotonic(), (rollout.lasted, rollout.step, rollout.state, watched.figures)
        if seen != self.seen:
            self.seen, self.since = seen, now
        return rollout.state is State.RUNNING and now - self.since > QUIET


def follow(registry: Registry, name: str, alias: str) -> Rollout:
    """Show a rollout until it has ended, and return it as it was then.

    A user who has seen enough ends the command, with the code of a command that was interrupted, not the rollout.
    """
    pulse = _Pulse()
    last = registry.rollouts.latest(name, alias)
    shown = _picture if sys.stdout.isatty() else _lines
    try:
        for watched in shown(_looks(registry, last), pulse):
            last = watched
    except KeyboardInterrupt:
        called = f"{name}@{alias}"
        click.echo(
            f"\nThe rollout goes on without this command: `carafe rollout status {called}` shows it, "
            f"`carafe rollout stop {called}` ends it."
        )
        raise click.exceptions.Exit(INTERRUPTED) from None
    click.echo(printable(_end(last.rollout)))
    return last.rollout


def show(watched: Watched) -> None:
    """Print a rollout as it is."""
    console().print(_drawn(watched, quiet=False))


def _looks(registry: Registry, first: Watched) -> Iterator[Watched]:
    """Yield a rollout as it is now and then, the last time when it has ended."""
    watched, rollout = first, first.rollout
    yield watched
    while watched.rollout.state.active:
        time.sleep(INTERVAL)
        watched = registry.rollouts.latest(rollout.name, rollout.alias)
        if watched.rollout.id != rollout.id:  # it has ended, and another one has begun since
            return
        yield watched


def _picture(looks: Iterator[Watched], pulse: _Pulse) -> Iterator[Watched]:
    with Live(console=Console(), auto_refresh=False) as live:
        for watched in looks:
            live.update(_drawn(watched, quiet=pulse.quiet(watched)), refresh=True)
            yield watched


def _lines(looks: Iterator[Watched], pulse: _Pulse) -> Iterator[Watched]:
    """Say what changes: the step, the state, and what the rollout waits for, but not each of its figures."""
    said: tuple[object, ...] = ()
    for watched in looks:
        rollout, decision, quiet = watched.rollout, decide(watched.rollout, watched.figures), pulse.quiet(watched)
        key = (_where(rollout), decision.move, quiet)
        if key != said and rollout.state.active:
            said = key
            click.echo(printable(f"{_where(rollout)}: {_NOBODY if quiet else decision.reason}"))
        yield watched


def _drawn(watched: Watched, *, quiet: bool) -> Group:
    rollout = watched.rollout
    head = Text(printable(f"rollout {rollout.id} of {rollout}, begun {moment(rollout.began)}"))
    doing = _doing(watched) if rollout.state.active else _came_of(rollout)
    if quiet:
        doing = _NOBODY
    return Group(head, Text(printable(f"{_where(rollout)}: {doing}")), _figures(watched))


def _figures(watched: Watched) -> Table:
    rollout = watched.rollout
    made = table(*_COLUMNS, numbers=_COLUMNS)
    pairs = (
        ((each.step, rollout.stable, each.stable), (each.step, rollout.candidate, each.candidate))
        for each in watched.figures
    )
    for step, number, counts in chain.from_iterable(pairs):
        percent = rollout.plan.steps[step] if number == rollout.candidate else 100 - rollout.plan.steps[step]
        add_row(made, step + 1, f"{percent:g} %", number, *_cells(counts))
    return made


def _cells(counts: Counts) -> tuple[str, ...]:
    happened = (counts.failed, counts.refused, counts.turned_away)
    rates = tuple(f"{count:,} ({_percent(count / counts.requests)})" if count else "-" for count in happened)
    return (f"{counts.requests:,}", *rates, _milliseconds(counts.quantile(0.5)), _milliseconds(counts.quantile(0.95)))


def _percent(part: float) -> str:
    """Return a part of a whole in percent, to a tenth where that says something."""
    percent = 100 * part
    if percent < 0.1:
        return "< 0.1 %"
    return f"{percent:.0f} %" if percent >= 10 else f"{percent:.1f} %"


def _milliseconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{1000 * seconds:.3g} ms"


def _where(rollout: Rollout) -> str:
    return f"{rollout.state.value}, step {rollout.step + 1} of {len(rollout.plan.steps)}, {rollout.percent:g} %"


def _doing(watched: Watched) -> str:
    return decide(watched.rollout, watched.figures).reason


def _end(rollout: Rollout) -> str:
    """Return what came of a rollout, with its state where that is no success."""
    told = _came_of(rollout)
    return told if rollout.state is State.DONE else f"{rollout.state.value}: {told}"


def _came_of(rollout: Rollout) -> str:
    """Return what came of a rollout, beside its state."""
    if rollout.state is State.DONE:
        return f"version {rollout.candidate} answers {rollout.name}@{rollout.alias} alone"
    if rollout.state is State.OVERTAKEN:
        return rollout.outcome
    return f"version {rollout.stable} answers again: {rollout.outcome}"
