"""The options by which a command reads a table, declared once."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from carafe.tables import ReadOptions, Table

DELIMITERS = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " "}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a command line says about where a table is and how it is written."""

    data: Path | None
    query: str | None
    database: str | None
    sheet: str | None
    delimiter: str | None
    encoding: str | None
    decimal: str | None

    def options(self) -> ReadOptions:
        """Return the options in the form that the tables room takes and a recipe keeps."""
        from carafe.tables import ReadOptions  # noqa: PLC0415 - `carafe --help` must not load polars

        values = asdict(self)
        del values["data"]
        return ReadOptions(**values)

    def table(self) -> Table:
        """Read the table.

        Raises:
            UnreadableTable: when it can't be read; says why.
        """
        from carafe.tables import read_table  # noqa: PLC0415 - the same

        return read_table(self.data, options=self.options())

    @property
    def source(self) -> str:
        """What the table is called: the file's name, or the query."""
        return self.data.name if self.data is not None else str(self.query)


_OPTIONS = (
    click.argument("data", required=False, type=click.Path(path_type=Path)),
    click.option("--sql", "query", metavar="QUERY", help="Read the answer of this SQL query instead of a file."),
    click.option("--database", metavar="URL", help="The database to ask: a SQLAlchemy URL, such as sqlite:///shop.db."),
    click.option("--sheet", metavar="NAME", help="The sheet of a spreadsheet. Default: the first one."),
    click.option("--delimiter", metavar="CHAR", help="What separates fields, or tab. Default: recognised."),
    click.option("--encoding", metavar="NAME", help="The encoding of a text file. Default: recognised."),
    click.option("--decimal", type=click.Choice([".", ","]), help="The decimal mark. Default: recognised by column."),
)


def reads_table(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command the argument DATA and the reading options; it receives them as one ``reading``."""

    @functools.wraps(function)
    def command(*, data: Path | None, **given: Any) -> None:  # noqa: ANN401 - click's parameters
        if data is None and given["query"] is None:
            raise click.UsageError("name a file, or give --sql QUERY and --database URL")
        reading = {name: given.pop(name) for name in ("query", "database", "sheet", "delimiter", "encoding", "decimal")}
        reading["delimiter"] = DELIMITERS.get(reading["delimiter"], reading["delimiter"])
        function(reading=Reading(data=data, **reading), **given)

    for option in reversed(_OPTIONS):
        command = option(command)
    return command
