"""``carafe models``: which models there are; ``carafe models show``: everything about one of them."""

from __future__ import annotations

import click

from carafe.cli import versions
from carafe.cli.home import opened_registry
from carafe.cli.terminal import add_row, console, moment, print_json, table
from carafe.registry import Page, Query, RegisteredModel, Sort
from carafe.registry.query import MAX_PAGE, MAX_SIZE
from carafe.schema import ModelRef, Task


@click.group("models", invoke_without_command=True)
@click.option("--contains", metavar="TEXT", default="", help="Only models whose name contains TEXT.")
@click.option("--task", type=click.Choice([task.value for task in Task]), help="Only models of this task.")
@click.option(
    "--sort", type=click.Choice([sort.value for sort in Sort]), default="name", show_default=True, help="The order."
)
@click.option("--descending", is_flag=True, help="Turn the order round.")
@click.option("--page", type=click.IntRange(1, MAX_PAGE), default=1, show_default=True, help="Which page.")
@click.option("--size", type=click.IntRange(1, MAX_SIZE), default=50, show_default=True, help="Models a page.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
def command(
    *,
    contains: str,
    task: str | None,
    sort: str,
    descending: bool,
    page: int,
    size: int,
    as_json: bool,
) -> None:
    """List the models; `carafe models show NAME@VERSION` shows one version, `carafe models show NAME` all of them."""
    if click.get_current_context().invoked_subcommand is not None:
        return
    query = Query(
        page=page,
        size=size,
        contains=contains,
        task=None if task is None else Task(task),
        sort=Sort(sort),
        descending=descending,
    )
    with opened_registry() as registry:
        found = registry.models(query)
    if as_json:
        print_json(found)
    else:
        _list(found, query)


@command.command("show")
@click.argument("ref", metavar="NAME@VERSION")
@click.option("--recipe", is_flag=True, help="Print only the recipe that trained the version.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
def show(*, ref: str, recipe: bool, as_json: bool) -> None:
    """Show NAME@VERSION, such as houses@3 or houses@champion; of NAME alone, list the versions."""
    with opened_registry() as registry:
        if "@" not in ref and not recipe:
            name = ModelRef.parse(ref).name
            page = registry.versions(Query(size=MAX_SIZE), name=name)
            show_page = versions.page_as_json if as_json else versions.show_page
            show_page(page)
            return
        version = registry.resolve(ModelRef.parse(ref))
    if recipe:
        if not version.manifest.recipe:
            raise click.UsageError(f"{version} was published as an estimator: no recipe trained it")
        click.echo(version.manifest.recipe, nl=False)
    elif as_json:
        print_json(versions.document(version))
    else:
        versions.show(version)


def _list(page: Page[RegisteredModel], query: Query) -> None:
    if not page.total:
        chosen = query.contains or query.task
        click.echo(
            "no model fits" if chosen else "there is no model yet: `carafe train DATA --target COLUMN` makes one"
        )
        return
    if not page.items:
        last = -(-page.total // page.size)
        click.echo(f"there are {page.total} models on {last} pages; page {page.page} is beyond the last")
        return
    made = table("model", "task", "versions", "latest", "aliases", "since", numbers=("versions", "latest"))
    for model in page.items:
        aliases = ", ".join(f"{alias.name} = {alias.number}" for alias in model.aliases) or "-"
        add_row(made, model.name, model.task, model.versions, model.latest, aliases, moment(model.created))
    console().print(made)
    if query.offset + len(page.items) < page.total:
        click.echo(f"page {page.page}: {len(page.items)} of {page.total}; --page {page.page + 1} shows more")
