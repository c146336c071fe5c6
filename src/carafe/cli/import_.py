"""``carafe import``: a version that was exported elsewhere."""

from __future__ import annotations

from pathlib import Path

import click

from carafe.access.account import account
from carafe.cli import said
from carafe.cli.home import opened_registry


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--name", metavar="NAME", help="The model whose next version it becomes; its own name by default.")
@said.reason
def command(*, file: Path, name: str | None, reason: str) -> None:
    """Make FILE, written by `carafe export`, the next version of its model.

    Every digest is checked and the model must repeat its recorded answers. That proves it whole, not harmless: import
    only files from people you trust.
    """
    with opened_registry(new=True) as registry:
        version = registry.import_(file, name, by=account(), reason=reason)
    click.echo(f"imported {file.name} as {version} ({version.verdict})")
