"""Options that several commands have which change an alias."""

from __future__ import annotations

import click

reason = click.option("--reason", metavar="TEXT", default="", help="Why; the history keeps it.")

force = click.option(
    "--force", is_flag=True, help="Go on although gates refuse it or it can't be loaded; the history tells of it."
)

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")

if_revision = click.option(
    "--if-revision",
    type=click.IntRange(0),
    metavar="N",
    help="Only if the alias is at this revision, which `carafe traffic` shows; 0: only if there is no such alias yet.",
)
