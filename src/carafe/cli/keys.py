"""``carafe keys``: create, list and revoke API keys."""

from __future__ import annotations

from typing import Any

import click

from carafe.access import Rate, Role
from carafe.access.key_store import KeyRecord
from carafe.cli.home import opened_keys
from carafe.cli.terminal import add_row, console, moment, print_json, table
from carafe.errors import InvalidParameter


class _RateType(click.ParamType[Rate | None]):
    """A limit, or `none`."""

    name = "rate"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Rate | None:  # noqa: ANN401 - as click declares it
        """Return the limit that the text says."""
        if value is None or isinstance(value, Rate) or value.strip().lower() == "none":
            return value if isinstance(value, Rate) else None
        try:
            return Rate.parse(value)
        except InvalidParameter as error:
            self.fail(str(error).removeprefix("rate: "), param, ctx)


RATE = _RateType()

_ROLES = click.Choice([role.value for role in Role])


@click.group("keys")
def command() -> None:
    """Create, list and revoke the API keys that clients prove themselves with."""


@command.command("create")
@click.option("--role", type=_ROLES, required=True, help="What the key permits.")
@click.option("--name", default="", help="Whose key it is, for lists and logs; the role by default.")
@click.option("--rate", type=RATE, help="How much its owner may ask, such as 100/s; what the service says by default.")
def create(*, role: str, name: str, rate: Rate | None) -> None:
    """Create a key and print it. It is shown this once: only a digest of it is kept."""
    with opened_keys(new=True) as keys:
        new = keys.create(role=Role(role), name=name, rate=rate)
    click.echo(new.text)
    permitted = ", ".join(sorted(new.record.role.permissions))
    click.echo(
        f"key {new.record.id} ({new.record.name}) permits: {permitted}. Keep it; it is not shown again.", err=True
    )


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
def show(*, as_json: bool) -> None:
    """List the keys, revoked ones included, oldest first. The keys themselves are not kept, so not shown."""
    with opened_keys() as keys:
        records = keys.all()
    if as_json:
        print_json([_document(record) for record in records])
    elif not records:
        click.echo("there is no key yet: `carafe keys create --role predictor` makes one")
    else:
        made = table("id", "name", "role", "may ask", "created", "revoked")
        for record in records:
            revoked = moment(record.revoked) if record.revoked else "-"
            add_row(made, record.id, record.name, record.role, record.rate or "-", moment(record.created), revoked)
        console().print(made)


@command.command("limit")
@click.argument("key", metavar="ID")
@click.argument("rate", metavar="RATE", type=RATE)
def limit(*, key: str, rate: Rate | None) -> None:
    """Let the owner of the key ID ask RATE, such as 100/s or 20000/day; `none` leaves it to the service's setting.

    A running service notices within 5 seconds.
    """
    with opened_keys() as keys:
        record = keys.limit(key, rate)
    click.echo(f"{record.id} ({record.name}) may ask {record.rate or 'what the service allows'}")


@command.command("revoke")
@click.argument("key", metavar="ID")
def revoke(*, key: str) -> None:
    """Refuse the key ID from now on; a running service notices within 5 seconds."""
    with opened_keys() as keys:
        record = keys.revoke(key)
    click.echo(f"revoked {record.id} ({record.name})")


def _document(record: KeyRecord) -> dict[str, object]:
    return {
        "id": record.id,
        "name": record.name,
        "role": record.role,
        "permissions": sorted(record.role.permissions),
        "created": record.created,
        "revoked": record.revoked,
        "rate": None if record.rate is None else str(record.rate),
    }
