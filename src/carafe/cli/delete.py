"""``carafe delete``: delete a version, or drop an alias."""

from __future__ import annotations

import sys

import click

from carafe.access.account import account
from carafe.cli.home import opened_registry
from carafe.cli.reference import named_version


@click.command("delete")
@click.argument("ref", metavar="NAME@VERSION")
@click.option("--yes", is_flag=True, help="Do not ask.")
def command(*, ref: str, yes: bool) -> None:
    """Delete the version NAME@VERSION for good; of an alias, such as houses@staging, drop only the alias.

    A version that an alias points at is not deleted: promote another one first. Its number is never used again.
    """
    meant = named_version(ref)
    with opened_registry() as registry:
        version = registry.resolve(meant)
        if meant.version is None:
            alias = str(meant.alias)
            _ask(f"Drop the alias {alias} of {meant.name}? Version {version.number} stays.", yes=yes)
            dropped = registry.drop_alias(meant.name, alias, by=account())
            click.echo(f"dropped {meant}, which was {dropped.before}")
        else:
            _ask(f"Delete {version} for good?", yes=yes)
            registry.delete(version.name, version.number, by=account())
            click.echo(f"deleted {version}")


def _ask(question: str, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError("nobody can be asked here: say --yes")
    click.confirm(question, abort=True)
