"""``carafe backup``: everything that a home is, in one file, while it is in use."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from carafe.cli.bar import bar
from carafe.cli.escapes import printable
from carafe.cli.terminal import moment
from carafe.settings import Settings
from carafe.upkeep import back_up, verify_backup
from carafe.upkeep.archive import Index

LEFT_OUT = 3
"""The exit status of a backup that is whole but for versions that were damaged already."""


@click.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--verify", is_flag=True, help="Read a backup instead, and check every digest and signature in it.")
def command(*, file: Path, verify: bool) -> None:
    """Write a backup of this home into FILE, while services go on answering; an older one is replaced at the end.

    It holds the models, their history, the keys and the home's secret, so guard it as you guard the home. With damaged
    versions in the home the exit status is 3: the rest is in the backup.
    """
    if verify:
        with bar("reading") as progress:
            index = verify_backup(file, progress=progress)
        click.echo(f"{file} is whole: {told(index)}")
    else:
        with bar("copying") as progress:
            index = back_up(Settings.load(), file, progress=progress)
        click.echo(f"wrote {file} ({file.stat().st_size:,} bytes): {told(index)}")
    for left in index.left_out:
        click.echo(f"  without the files of {left.version}: {printable(left.reason)}", err=True)
    if index.left_out and not verify:
        click.echo("  `carafe doctor` says what to do about them", err=True)
        sys.exit(LEFT_OUT)


def told(index: Index) -> str:
    """Return what a backup is, as one line."""
    return f"{index.versions} versions as of {moment(index.created)}, by Carafe {index.carafe}"
