"""``carafe predict``: a table of any length in, the same table with the answers out."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import click

from carafe.cli.reading import DELIMITERS

FORMATS = click.Choice(["csv", "jsonl", "parquet", "arrow"])
SOME_REJECTED = 3
"""The exit code of a run that finished, though not every row could be scored."""


@click.command("predict")
@click.argument("ref", metavar="NAME@VERSION")
@click.argument("data", type=click.Path(path_type=Path, allow_dash=True))
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path, allow_dash=True),
    help="The file to write, its format told by its ending, or - for standard output.",
)
@click.option("--force", is_flag=True, help="Replace the output where it exists.")
@click.option("--input-format", type=FORMATS, help="The format of DATA, where its ending does not tell.")
@click.option(
    "--format", "output_format", type=FORMATS, help="The format of the output, where its ending does not tell."
)
@click.option("--probabilities", is_flag=True, help="Add a column probability_LABEL for each class.")
@click.option(
    "--id", "ids", metavar="COLUMN", multiple=True, help="Keep this column of DATA only; may come several times."
)
@click.option("--only-predictions", is_flag=True, help="Keep no column of DATA.")
@click.option("--prediction-column", metavar="NAME", default="prediction", help="The name of the column of answers.")
@click.option(
    "--rejected", type=click.Path(dir_okay=False, path_type=Path), help="The file of rows that don't fit the model."
)
@click.option(
    "--strict", is_flag=True, help="End at the first row that doesn't fit; refuse columns the model doesn't know."
)
@click.option("--delimiter", metavar="CHAR", help="What separates fields of CSV, or tab. Default: recognised.")
@click.option(
    "--encoding", metavar="NAME", help="The encoding of text. Default: recognised in a file, UTF-8 in a pipe."
)
@click.option("--decimal", type=click.Choice([".", ","]), default=".", help="The decimal mark of numbers in CSV.")
@click.option(
    "--null", "nulls", metavar="WORD", multiple=True, help="A word of CSV that means a missing value, such as NA."
)
@click.option("--no-quotes", is_flag=True, help="Read quotes in CSV as characters like others.")
def command(*, ref: str, data: Path, output: Path, delimiter: str | None, **given: object) -> None:
    """Answer every row of DATA with the model NAME@VERSION; of NAME alone, with its champion.

    DATA is a CSV, JSON lines, Parquet or Arrow file of any length, or - for standard input. Its columns are written,
    too, with the answers behind them. Rows that don't fit the model go to a file beside the output, each with its
    line, what came and what was expected; the exit code is 3 then. A run that was interrupted is gone on with by the
    same command.
    """
    scoring = import_module("carafe.cli.scoring")  # loads polars
    wish = scoring.Wish(
        ref=ref, data=data, output=output, delimiter=DELIMITERS.get(delimiter or "", delimiter), **given
    )
    if scoring.run(wish).counts.rejected:
        raise SystemExit(SOME_REJECTED)
