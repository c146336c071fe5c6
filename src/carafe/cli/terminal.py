"""What commands print tables with."""

from __future__ import annotations

from datetime import UTC, datetime

import click
import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from carafe.cli.escapes import printable

PIPE_WIDTH = 200
"""How wide a table is printed where the output is no terminal."""


def console() -> Console:
    """Return the console on standard output, wide enough for a table where it is a pipe."""
    found = Console()
    return found if found.is_terminal else Console(width=PIPE_WIDTH)


def table(*columns: str, title: str = "", numbers: tuple[str, ...] = ()) -> Table:
    """Return an empty table; the columns among ``numbers`` are aligned to the right."""
    made = Table(title=Text(printable(title)) if title else None, title_justify="left")
    for name in columns:
        made.add_column(name, justify="right" if name in numbers else "left", overflow="fold")
    return made


def add_row(made: Table, *cells: object) -> None:
    """Add a row of plain text to a table; nothing in it is read as markup."""
    made.add_row(*(Text(printable(str(cell))) for cell in cells))


def moment(when: datetime) -> str:
    """Return a moment as every machine tells it, whatever its time zone: in UTC, which it says, to the minute."""
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def print_json(document: object) -> None:
    """Print a document as JSON on standard output."""
    click.echo(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())
