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
@said.if_revision
@said.as_json
def command(*, ref: str, reason: str, if_revision: int | None, as_json: bool) -> None:
    """Point an alias back at the version that answered alone before what answers now; again, one further back.

    NAME[@ALIAS] is houses, for its champion, or houses@staging. No gate stands in the way.
    """
    meant = ModelRef.parse(ref)
    if meant.alias is None:
        raise InvalidName(f"{ref}: got a version, expected a model or an alias, such as {meant.name}@champion")
    with opened_registry() as registry:
        entry = registry.rollback(meant.name, meant.alias, by=account(), reason=reason, expected=if_revision)
    say(entry, as_json=as_json)
