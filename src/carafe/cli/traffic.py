"""``carafe traffic``: which versions share an alias's requests, and which are asked along."""

from __future__ import annotations

import re

import click

from carafe.access.account import account
from carafe.cli import said
from carafe.cli.home import opened_registry
from carafe.cli.promote import say
from carafe.cli.terminal import moment, print_json
from carafe.errors import AliasNotFound
from carafe.registry import Alias, Registry, Share, Traffic
from carafe.registry.alias_documents import AliasDocument
from carafe.schema.exchange import CHAMPION

NOT_STICKY = "none"

_SHARE = re.compile(r"([1-9][0-9]{0,8})=([0-9]{1,3}(?:\.[0-9]{1,6})?)%?", re.ASCII)


@click.command("traffic")
@click.argument("name", metavar="NAME")
@click.argument("shares", metavar="[VERSION=PERCENT]...", nargs=-1)
@click.option(
    "--shadow",
    "shadows",
    metavar="VERSION",
    type=int,
    multiple=True,
    help="Ask this version along; may come several times.",
)
@click.option(
    "--sticky",
    metavar="WHAT",
    help="Keep a caller with one version: header:X-User or field:customer; none for no longer. Stays unless said.",
)
@click.option("--alias", default=CHAMPION, show_default=True, help="Whose requests are shared.")
@said.reason
@said.force
@said.if_revision
@said.as_json
def command(  # noqa: PLR0913 - options
    *,
    name: str,
    shares: tuple[str, ...],
    shadows: tuple[int, ...],
    sticky: str | None,
    alias: str,
    reason: str,
    force: bool,
    if_revision: int | None,
    as_json: bool,
) -> None:
    """Show how the requests to NAME's champion are shared, or share them anew: VERSION=PERCENT, such as 4=95 5=5.

    The percentages add up to 100; the first version is the main one, which answers where only one can. Shadows are
    asked along, without anybody waiting for them. Where only --shadow or --sticky is said, the shares stay. What keeps
    callers with a version stays until --sticky says otherwise.
    """
    wanted = tuple(map(_share, shares))
    with opened_registry() as registry:
        found = _found(registry, name, alias, new=bool(wanted))
        if found is not None and not (wanted or shadows or sticky):
            print_json(AliasDocument.of(name, found)) if as_json else show(name, found)
            return
        expected = if_revision
        if found is not None and not (wanted and sticky):  # what stays is what was seen
            expected = found.revision if if_revision is None else if_revision
            shadows = shadows if wanted else shadows or found.traffic.shadows
            wanted, sticky = wanted or found.traffic.shares, sticky or found.traffic.sticky
        traffic = Traffic(shares=wanted, shadows=shadows, sticky=None if sticky == NOT_STICKY else sticky)
        entry = registry.direct(name, alias, traffic, by=account(), reason=reason, force=force, expected=expected)
    say(entry, asked=reason, as_json=as_json)


def show(name: str, alias: Alias) -> None:
    """Print what an alias points at."""
    since = f"since {moment(alias.changed)}, revision {alias.revision}"
    click.echo(f"{name}@{alias.name} is {alias.traffic} ({since})")


def _found(registry: Registry, name: str, alias: str, *, new: bool) -> Alias | None:
    """Return what an alias points at; None where there is no such alias, and it may be new."""
    try:
        return registry.alias(name, alias)
    except AliasNotFound:
        if new:
            return None
        raise


def _share(text: str) -> Share:
    match = _SHARE.fullmatch(text)
    if match is None:
        raise click.UsageError(f"got {text[:40]!r}, expected VERSION=PERCENT, such as 4=95")
    return Share(version=int(match[1]), percent=float(match[2]))
