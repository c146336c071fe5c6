"""``carafe example``: a small table to try things with."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import click

SOURCES = {
    "houses": "carafe.tables.examples",
    "points": "carafe.tables.examples",
    "iris": "carafe.training.examples",
}
"""The example tables, and the modules with a function of that name that makes them."""


@click.command("example")
@click.argument("name", type=click.Choice(list(SOURCES)))
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write, by its ending as CSV, Parquet or JSON lines. Without it, CSV is printed.",
)
def command(name: str, output: Path | None) -> None:
    """Write the example table NAME: houses (a price), points (a number) or iris (a flower's species)."""
    table: Any = getattr(import_module(SOURCES[name]), name)()
    if output is None:
        click.echo(table.write_csv(), nl=False)
        return
    import_module("carafe.tables").write_table(table, output)
    click.echo(f"{output}: {table.height} rows, columns {', '.join(table.columns)}", err=True)
