"""``carafe rollback``: back to the version that answered before."""

from __future__ import annotations

import click

from carafe.access.account import account
from carafe.cli import said
from carafe.cli.home import opened_registry
from carafe.cli.promote import say
from carafe.errors import InvalidName
from carafe.schema import ModelRef


@click.command("rollback")
@click.argument("ref", metavar="NAME[@ALIAS]")
@said.reason
@click.option(
    "--force",
    is_flag=True,
    help="Go to the version before even if it can't be loaded, unless it is damaged; the history tells of it.",
)
@said.if_revision
@said.as_json
def command(*, ref: str, reason: str, force: bool, if_revision: int | None, as_json: bool) -> None:
    """Point an alias back at the version that answered alone before what answers now; again, one further back.

    NAME[@ALIAS] is houses, for its champion, or houses@staging. No gate stands in the way. The version is loaded first:
    one that is damaged or was deleted is passed by. `carafe promote` leads to any version.
    """
    meant = ModelRef.parse(ref)
    if meant.alias is None:
        raise InvalidName(f"{ref}: got a version, expected a model or an alias, such as {meant.name}@champion")
    with opened_registry() as registry:
        entry = registry.rollback(
            meant.name, meant.alias, by=account(), reason=reason, expected=if_revision, force=force
        )
    say(entry, asked=reason, as_json=as_json)
