"""``carafe promote``: let a name point at a version."""

from __future__ import annotations

import click

from carafe.access.account import account
from carafe.cli import said
from carafe.cli.escapes import printable
from carafe.cli.home import opened_registry
from carafe.cli.reference import named_version
from carafe.cli.terminal import print_json
from carafe.registry import Entry
from carafe.registry.alias_documents import AliasDocument
from carafe.schema.exchange import CHAMPION


@click.command("promote")
@click.argument("ref", metavar="NAME@VERSION")
@click.option("--alias", default=CHAMPION, show_default=True, help="The name that is to point at the version.")
@said.reason
@said.force
@said.if_revision
@said.as_json
def command(*, ref: str, alias: str, reason: str, force: bool, if_revision: int | None, as_json: bool) -> None:
    """Make a version the champion, which answers where only the model is named, or give it another alias.

    NAME@VERSION is houses@4, or houses@staging for the version that another alias points at now. It is loaded first:
    what can't be loaded is not promoted, nor what the model's gates refuse (`carafe gates`). `carafe rollback` leads
    back.
    """
    meant = named_version(ref)
    with opened_registry() as registry:
        entry = registry.promote(meant, alias=alias, by=account(), reason=reason, force=force, expected=if_revision)
    say(entry, asked=reason, as_json=as_json)


def say(entry: Entry, *, asked: str, as_json: bool) -> None:
    """Print what an alias is now, and what it was; for machines as the REST interface answers, with its revision.

    What the history says besides the reason that was ``asked`` to be kept is something to know: what was gone through,
    or passed by.
    """
    if as_json:
        print_json(AliasDocument.then(entry))
        return
    was = f" (was {entry.before})" if entry.before not in {None, entry.after} else ""
    click.echo(f"{entry.name}@{entry.alias} is now {entry.after}{was}{', forced' if entry.forced else ''}")
    if entry.reason != asked.strip():
        click.echo(printable(f"The history says: {entry.reason}"))
