"""``carafe gates``: what a version must fulfil before it may answer as champion."""

from __future__ import annotations

import click

from carafe.access.account import account
from carafe.cli import said
from carafe.cli.home import opened_registry
from carafe.cli.terminal import print_json
from carafe.registry import Gates
from carafe.registry.alias_documents import GatesDocument


@click.command("gates")
@click.argument("name", metavar="NAME")
@click.option(
    "--worse-by",
    type=click.FloatRange(min=0),
    metavar="X",
    help="Its main figure may be worse than the "
    "champion's by so much at most, on the same held-out rows, in the figure's own unit.",
)
@click.option("--signature", is_flag=True, help="It must take every record that the champion takes, and answer alike.")
@click.option("--proof", is_flag=True, help="It must have been proved to answer as the pipeline it was made from.")
@click.option("--none", "nothing", is_flag=True, help="Ask for nothing.")
@said.as_json
def command(*, name: str, worse_by: float | None, signature: bool, proof: bool, nothing: bool, as_json: bool) -> None:
    """Show the gates of the model NAME, or set them: the options that are given, and no others, hold from then on.

    They stand before whatever lets another version answer as champion: promotions, shares, rollouts and
    --promote in training. Rollbacks and shadows are free, and --force goes through.
    """
    wanted = Gates(worse_by=worse_by, signature=signature, proof=proof)
    if nothing and wanted.any:
        raise click.UsageError("--none asks for nothing: leave the other options out")
    with opened_registry() as registry:
        if nothing or wanted.any:
            registry.set_gates(name, wanted, by=account())
        gates = registry.gates(name)
    if as_json:
        print_json(GatesDocument.of(gates))
    else:
        click.echo(f"{name}: {gates}")
