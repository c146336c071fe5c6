"""``carafe inspect``: what a table holds, and what training would make of it."""

from __future__ import annotations

from importlib import import_module

import click

from carafe.cli import terminal
from carafe.cli.reading import Reading, reads_table


@click.command("inspect")
@reads_table
@click.option("--target", metavar="COLUMN", help="The column to predict: adds its task and a search for leaks.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
def command(*, reading: Reading, target: str | None, as_json: bool) -> None:
    """Show what each column of DATA is recognised as, and why.

    DATA is a CSV, Parquet, Arrow, JSON or spreadsheet file, told by its ending; or name a query and its database.
    """
    inspection = import_module("carafe.cli.inspection")  # loads polars
    found = inspection.inspect_table(reading.table(), source=reading.source, target=target)
    if as_json:
        terminal.print_json(inspection.document(found))
    else:
        inspection.show(found)
