"""Directives that write the reference from the code itself: ``{carafe} settings``, ``errors``, ``routes``, ..."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import TYPE_CHECKING, Any, ClassVar, Union, get_args, get_origin, get_type_hints

import click
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from carafe import errors
from carafe.cli.main import COMMANDS, main
from carafe.monitoring.figures import FIGURES
from carafe.protocols.problem import STATUS
from carafe.serving import Observer
from carafe.settings import Settings, variable
from carafe.web.route import PUBLIC, Route
from carafe.web.routes import ROUTES

if TYPE_CHECKING:
    from sphinx.application import Sphinx


def settings() -> Iterator[str]:
    """Yield the table of settings, as Markdown lines."""
    yield "| setting | variable | type | default | what it does |"
    yield "|---|---|---|---|---|"
    kinds = get_type_hints(Settings)
    for item in fields(Settings):
        kind, default = _kind(kinds[item.name]), "none" if item.default is None else f"`{item.default}`"
        yield f"| `{item.name}` | `{variable(item.name)}` | {kind} | {default} | {item.metadata['help']} |"


def error_classes() -> list[type[errors.CarafeError]]:
    """Return every error class room by room, as ``carafe.errors`` names them."""
    members = (member for member in vars(errors).values() if inspect.isclass(member))
    return [member for member in members if issubclass(member, errors.CarafeError)]


def errors_table() -> Iterator[str]:
    """Yield one definition per error: its slug, class, title and when it is raised."""
    for error in error_classes():
        yield f"## {error.slug}"
        yield ""
        yield f"{error.title}. Over HTTP: {STATUS[error.slug]}."
        yield ""
        yield f"`carafe.errors.{error.__name__}`: {inspect.getdoc(error)}"
        yield ""


def commands() -> Iterator[str]:
    """Yield a section per command: its usage, what it does, its arguments and options."""
    context = click.Context(main, info_name="carafe")
    for name in COMMANDS:
        command = main.get_command(context, name)
        if command is not None:
            yield from _command(command, click.Context(command, info_name=name, parent=context))


def routes() -> Iterator[str]:
    """Yield a section per path of the route table: its methods, permissions, parameters and own problems."""
    paths: dict[str, list[Route]] = {}
    for route in ROUTES:
        paths.setdefault(route.path, []).append(route)
    for path, entries in paths.items():
        yield f"## `{path}`"
        yield ""
        for route in entries:
            yield from (f"`{route.method}`", f": {route.summary}. {_permission(route)} {_outcomes(route)}", "")
            for parameter in route.query:
                kind = " or ".join(f"`{choice}`" for choice in parameter.choices) or parameter.type
                yield f"  * `{parameter.name}` ({kind}): {parameter.about}"
            yield ""


def _permission(route: Route) -> str:
    return "Asks for no key." if route.permission is PUBLIC else f"Permission: `{route.permission.value}`."


def _outcomes(route: Route) -> str:
    problems = ", ".join(map(str, route.problems))
    return f"Answers {route.status}" + (f"; its own problems are {problems}." if problems else ".")


def hooks() -> Iterator[str]:
    """Yield one definition per hook of an observer: its signature and when it is called."""
    for name, hook in vars(Observer).items():
        if inspect.isfunction(hook) and not name.startswith("_"):
            parameters = list(inspect.signature(hook).parameters.values())[1:]
            arguments = ", ".join(f"{parameter.name}: {parameter.annotation}" for parameter in parameters)
            yield from (f"`{name}({arguments})`", f": {inspect.getdoc(hook)}", "")


def metrics() -> Iterator[str]:
    """Yield the table of figures that ``/metrics`` tells, as Markdown lines."""
    yield "| figure | kind | labels | what it says |"
    yield "|---|---|---|---|"
    for figure in FIGURES:
        labels = ", ".join(f"`{label}`" for label in figure.labels) or "none"
        yield f"| `{figure.name}` | {figure.kind.value} | {labels} | {figure.about} |"


def _command(command: click.Command, context: click.Context, depth: int = 2) -> Iterator[str]:
    yield f"{'#' * depth} {context.command_path}"
    yield ""
    yield inspect.cleandoc(command.help or "").replace("\b", "")
    yield ""
    usage = command.get_usage(context).removeprefix("Usage: ")
    yield from ("```text", *(line.strip() for line in usage.splitlines()), "```", "")
    for parameter in command.get_params(context):
        if isinstance(parameter, click.Option) and not parameter.hidden:
            record = parameter.get_help_record(context)
            if record:
                yield from (f"`{record[0]}`", f": {record[1]}", "")
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            if child is not None:
                yield from _command(child, click.Context(child, info_name=name, parent=context), depth + 1)


def _kind(kind: Any) -> str:  # noqa: ANN401 - a type, in any of its forms
    if get_origin(kind) in {Union, types.UnionType}:
        return " or ".join(_kind(part) for part in get_args(kind) if part is not types.NoneType)
    return {"int": "whole number", "float": "number", "bool": "true or false", "Path": "path", "str": "text"}[
        kind.__name__
    ]


class Reference(SphinxDirective):
    """Write one of the lists above into the page, parsed as the page itself is."""

    required_arguments = 1
    lists: ClassVar[dict[str, Callable[[], Iterator[str]]]] = {
        "settings": settings,
        "errors": errors_table,
        "commands": commands,
        "routes": routes,
        "hooks": hooks,
        "metrics": metrics,
    }

    def run(self) -> list[nodes.Node]:
        """Return the nodes of the list named by the argument."""
        self.env.note_reread()  # the list is the code's, which may change while the page does not
        return self.parse_text_to_nodes("\n".join(self.lists[self.arguments[0]]()), allow_section_headings=True)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("carafe", Reference)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
