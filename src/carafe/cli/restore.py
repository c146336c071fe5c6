"""``carafe restore``: the home that a backup was made of, elsewhere."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import click

from carafe.cli.backup import told
from carafe.cli.bar import bar
from carafe.cli.escapes import printable
from carafe.registry import open_registry
from carafe.settings import Settings
from carafe.upkeep import restore, verify_backup


@click.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Check everything, as --verify of backup does, and restore nothing.")
def command(*, file: Path, dry_run: bool) -> None:
    """Make the empty home that CARAFE_HOME names the one that FILE, written by `carafe backup`, was made of.

    Everything is verified before anything is restored. Restore only files that you made: whoever wrote one has made
    its keys and models.
    """
    settings = Settings.load()
    with bar("reading") as progress:
        index = verify_backup(file, progress=progress) if dry_run else restore(settings, file, progress=progress)
    click.echo(f"{file} can be restored: {told(index)}" if dry_run else f"restored {settings.home}: {told(index)}")
    for left in index.left_out:
        click.echo(f"  without the files of {left.version}: {printable(left.reason)}", err=True)
    if not dry_run:
        _tell_of_rollouts(settings)  # the last: the home is opened for it, which can fail


def _tell_of_rollouts(settings: Settings) -> None:
    with closing(open_registry(settings)) as registry:
        for rollout in registry.rollouts.active():
            click.echo(
                f"  the rollout of {rollout} is paused at {rollout.percent:g} %: `carafe rollout resume` or `stop` it"
            )
