"""``carafe init``: every decision about a table, written into a recipe that a person can edit."""

from __future__ import annotations

import shlex
from importlib import import_module
from pathlib import Path

import click

from carafe.cli.reading import Reading, reads_table


@click.command("init")
@reads_table
@click.option("--target", metavar="COLUMN", required=True, help="The column to predict.")
@click.option("--name", metavar="NAME", help="The model's name. Default: that of the file.")
@click.option("--drop", metavar="COLUMN", multiple=True, help="Leave a column out; may come several times.")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("carafe.toml"),
    show_default=True,
    help="The recipe to write.",
)
@click.option("--force", is_flag=True, help="Write over a recipe that is there.")
def command(
    *, reading: Reading, target: str, name: str | None, drop: tuple[str, ...], output: Path, force: bool
) -> None:
    """Write a recipe for DATA: what each column is, what becomes of it, and why.

    Edit it, then train with it: `carafe train carafe.toml`.
    """
    recipes, planning = import_module("carafe.cli.recipes"), import_module("carafe.cli.planning")  # load scikit-learn
    if output.suffix.lower() != recipes.RECIPE_SUFFIX:
        raise click.UsageError(f"-o: got {output}, expected a name that ends in {recipes.RECIPE_SUFFIX}")
    order = recipes.order_from(reading, recipes.Changes(target=target, name=name, drop=drop))
    text = planning.written(order, output)
    try:
        with output.open("w" if force else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise click.UsageError(f"{output} is there: --force writes over it, -o names another file") from None
    except OSError as error:
        raise click.UsageError(f"{output} can't be written ({error.strerror}): -o names another file") from error
    click.echo(f"{output}: edit what you like, then: carafe train {output}{_database(reading.database)}", err=True)


def _database(url: str | None) -> str:
    """Return the option that training needs, too: a recipe keeps no database. What may hold a password is not shown."""
    if url is None:
        return ""
    return f" --database {'URL' if '@' in url or '?' in url else shlex.quote(url)}"
