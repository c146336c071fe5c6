"""``carafe history``: what happened to a model, and which version answered on a day."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import click

from carafe.cli.home import opened_registry
from carafe.cli.terminal import add_row, console, moment, print_json, table
from carafe.errors import AliasNotFound
from carafe.registry import Action, Entry, HistoryQuery, Page
from carafe.registry.history import last_moment, so_far
from carafe.registry.query import MAX_PAGE, MAX_SIZE
from carafe.schema.exchange import CHAMPION

DAY = len("2026-11-01")
_TO_THE_MINUTE = re.compile(r"[-0-9]{10}[T ][0-9]{2}:[0-9]{2}(?!:)", re.ASCII)


class Moment(click.ParamType[datetime]):
    """A moment in UTC, as commands print them, unless it says another offset.

    A day, or a minute, means its last moment.
    """

    name = "moment"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Return the moment that a text means."""
        if isinstance(value, datetime):
            return value
        text = str(value).removesuffix(" UTC")
        try:
            found = datetime.fromisoformat(text)
            if len(text) <= DAY:
                found = last_moment(found)
            elif _TO_THE_MINUTE.match(text):
                found = found.replace(second=59, microsecond=999_999)
            return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail(
                f"got {text[:40]!r}, expected a day or a moment, such as 2026-11-01 or 2026-11-01T12:30", param, ctx
            )


@click.command("history")
@click.argument("name", metavar="NAME")
@click.option("--alias", help="Only what happened to this alias.")
@click.option(
    "--at",
    "when",
    type=Moment(),
    metavar="DATE",
    help="Say what the alias (champion if none is named) pointed at then: at the end of a day, or of a "
    "minute such as 2026-11-01T12:30, both in UTC unless an offset such as +02:00 follows. What is still to come "
    "counts as now.",
)
@click.option("--page", type=click.IntRange(1, MAX_PAGE), default=1, show_default=True, help="Which page.")
@click.option("--size", type=click.IntRange(1, MAX_SIZE), default=50, show_default=True, help="Entries a page.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
def command(*, name: str, alias: str | None, when: datetime | None, page: int, size: int, as_json: bool) -> None:
    """Show what happened to the model NAME, the latest first: when, who, what, and why. Nothing is ever taken out."""
    with opened_registry() as registry:
        if when is not None:
            entry = registry.answering(name, alias or CHAMPION, when=when)
            print_json(entry) if as_json else _say(entry, when)
            return
        found = registry.history(name, HistoryQuery(alias=alias, page=page, size=size))
    if alias is not None and not found.total:
        raise AliasNotFound(f"{name} never had an alias {alias!r}: `carafe history {name}` shows which it had")
    print_json(found) if as_json else _list(found)


def _say(entry: Entry, when: datetime) -> None:
    why = f": {entry.reason}" if entry.reason else ""
    told, asked = moment(so_far(when)), moment(when)
    called = f"{entry.name}@{entry.alias}"
    if told == asked:
        click.echo(f"on {told} {called} was {entry.after}")
    else:
        click.echo(f"now, on {told}, {called} is {entry.after}; {asked} is still to come")
    click.echo(f"since {moment(entry.when)}, {entry.action} by {entry.by or 'nobody who said so'}{why}")


def _list(page: Page[Entry]) -> None:
    if not page.items:
        click.echo(f"there are {page.total} entries: page {page.page} is beyond the last")
        return
    made = table("when", "who", "what", "from", "to", "why")
    for entry in page.items:
        add_row(made, moment(entry.when), entry.by or "-", *_change(entry), entry.reason or "-")
    console().print(made)
    if (page.page - 1) * page.size + len(page.items) < page.total:
        click.echo(f"page {page.page}: {len(page.items)} of {page.total}; --page {page.page + 1} shows more")


def _change(entry: Entry) -> tuple[str, str, str]:
    """Return what was done, from what, to what."""
    forced = ", forced" if entry.forced else ""
    if entry.alias is None:
        about = f" version {entry.version}" if entry.version is not None else ""
        return f"{entry.action}{about}{forced}", "-", "-"
    if entry.action is Action.DROP:
        return f"drop {entry.alias}", str(entry.before), "-"
    return f"{entry.action} {entry.alias}{forced}", str(entry.before or "-"), str(entry.after)
