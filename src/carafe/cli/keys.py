"""``carafe keys``: create, list and revoke API keys."""

from __future__ import annotations

import click

from carafe.access import Role
from carafe.access.key_store import KeyRecord
from carafe.cli.home import opened_keys
from carafe.cli.terminal import add_row, console, moment, print_json, table

_ROLES = click.Choice([role.value for role in Role])


@click.group("keys")
def command() -> None:
    """Create, list and revoke the API keys that clients prove themselves with."""


@command.command("create")
@click.option("--role", type=_ROLES, required=True, help="What the key permits.")
@click.option("--name", default="", help="Whose key it is, for lists and logs; the role by default.")
def create(*, role: str, name: str) -> None:
    """Create a key and print it. It is shown this once: only a digest of it is kept."""
    with opened_keys() as keys:
        new = keys.create(role=Role(role), name=name)
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
        made = table("id", "name", "role", "created", "revoked")
        for record in records:
            revoked = moment(record.revoked) if record.revoked else "-"
            add_row(made, record.id, record.name, record.role, moment(record.created), revoked)
        console().print(made)


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
    }
