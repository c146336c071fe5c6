"""``carafe doctor``: what is wrong with a home, and what to do about it."""

from __future__ import annotations

import sys

import click

from carafe.cli.bar import bar
from carafe.cli.terminal import add_row, console, print_json, table
from carafe.settings import Settings
from carafe.upkeep.checkup import Depth, Finding, Order, State, examine


@click.command("doctor")
@click.option("--repair", is_flag=True, help="Mend what can be mended; nothing that anything refers to is deleted.")
@click.option("--quick", is_flag=True, help="Compare signatures and sizes, but read no model's file.")
@click.option("--deep", is_flag=True, help="Load every model, too, and let it repeat its golden predictions.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(*, repair: bool, quick: bool, deep: bool, as_json: bool) -> None:
    """Look at this home: permissions, secret, database, history, every version's files, orphans, room, clock.

    Services may go on meanwhile. The exit status is 1 when problems remain.
    """
    if quick and deep:
        raise click.UsageError("--quick reads less and --deep more than usual: choose one")
    depth = Depth.QUICK if quick else Depth.DEEP if deep else Depth.FULL
    with bar("looking at versions") as progress:
        order = Order(settings=Settings.load(), repair=repair, depth=depth, progress=progress)
        findings = list(examine(order))
    if as_json:
        print_json(findings)
    else:
        _print(findings)
    if any(finding.state is State.PROBLEM for finding in findings):
        sys.exit(1)


def _print(findings: list[Finding]) -> None:
    made = table("check", "state", "what was found", "what to do")
    for finding in findings:
        add_row(made, finding.check, finding.state.value, finding.says, finding.advice)
    console().print(made)
