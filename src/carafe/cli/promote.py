"""``carafe promote``: let a name point at a version."""

from __future__ import annotations

import click

from carafe.cli.home import opened_registry
from carafe.cli.reference import named_version
from carafe.schema.exchange import CHAMPION


@click.command("promote")
@click.argument("ref", metavar="NAME@VERSION")
@click.option("--alias", default=CHAMPION, show_default=True, help="The name that is to point at the version.")
def command(*, ref: str, alias: str) -> None:
    """Make a version the champion, which answers where only the model is named, or give it another alias.

    NAME@VERSION is houses@4, or houses@staging for the version that another alias points at now.
    """
    meant = named_version(ref)
    with opened_registry() as registry:
        entry = registry.promote(meant, alias=alias)
    was = f" (was {entry.before})" if entry.before not in {None, entry.after} else ""
    click.echo(f"{entry.name}@{alias} is now {entry.after}{was}")
