"""``carafe export``: one version as one file."""

from __future__ import annotations

from pathlib import Path

import click

from carafe.cli.home import opened_registry
from carafe.schema import ModelRef


@click.command("export")
@click.argument("ref", metavar="NAME@VERSION")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write, NAME-NUMBER.carafe by default. An older one is replaced.",
)
def command(*, ref: str, output: Path | None) -> None:
    """Write NAME@VERSION into one file, which `carafe import` reads on another machine; of NAME alone, its champion."""
    with opened_registry() as registry:
        version = registry.resolve(ModelRef.parse(ref))
        file = output or Path(f"{version.name}-{version.number}.carafe")
        registry.export(ModelRef(name=version.name, version=version.number), file)
    click.echo(f"wrote {version} to {file} ({file.stat().st_size:,} bytes)")
